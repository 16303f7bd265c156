// Administration: forms post JSON; an enrolment link is shown once.

import { fields, sending } from "./forms.js";
import { localTimes, post, say } from "./people.js";

const element = (id) => document.getElementById(id);
localTimes(document);

function showLink(link) {
  element("link-text").value = element("link-open").href = new URL(link, location.origin).href;
  element("link-said").textContent = "";
  element("link").showModal();
  element("link-text").select();
}

sending(async (form) => {
  const answer = await post(form.dataset.post, fields(form));
  if (form.dataset.then === "link") showLink(answer.link);
  else location.reload();
});

element("link-copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(element("link-text").value);
    element("link-said").textContent = "Copied.";
  } catch {
    element("link-text").select();
    element("link-said").textContent = "Press Ctrl+C to copy.";
  }
});

// Once closed the link is nowhere any more; the new device appears when the page is loaded again.
element("link").addEventListener("close", () => {
  element("link-text").value = "";
  element("link-open").removeAttribute("href");
  say("The link is not shown again. Reload to see the device once it is enrolled.");
});
