// Mis-identification in a case: whose records are is proposed by one officer, and opened for another who decides.

import { fields } from "./forms.js";
import { post } from "./people.js";

const element = (id) => document.getElementById(id);

/** Makes the part of a case live; `during` runs a form's work once at a time. */
export function redress(path, { during, documentOf, problem }) {
  element("redress-propose")?.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    const form = event.target;
    const findings = [...form.querySelectorAll("[data-finding-of]")]
      .filter((choice) => choice.value)
      .map((choice) => ({ record: choice.dataset.findingOf, finding: choice.value }));
    const { family_name, given_names, born, nationality, class: of, reason, answer, ...rest } = fields(form);
    const document = documentOf(rest);
    const anothers = findings.some(({ finding }) => finding === "reattribute");
    if (anothers && !(document && family_name)) return problem("Say whose it is: the document and the family name.");
    const holder = { document, family_name, given_names, born: born || null, nationality: nationality || null, class: of || null };
    const proposed = { findings, holder: anothers ? holder : null, reason, answer: answer || null };
    during(form, async () => {
      await post(`${path}/propose`, proposed);
      location.reload();
    });
  });
  const open = element("redress-open");
  open?.addEventListener("click", () =>
    during(open, async () => {
      const { holder, class: of } = await post(open.dataset.open, {});
      const line = document.createElement("p");
      const parts = holder
        ? [`${holder.family_name}, ${holder.given_names}`, holder.born ?? "date of birth unknown", holder.nationality, ...holder.documents, of]
        : ["Whose it is was forgotten meanwhile. It is to be proposed anew."];
      line.textContent = parts.filter(Boolean).join(" · ");
      element("redress-holder").replaceChildren(line);
      const agree = element("redress-agree");
      agree.hidden = !holder;
      // The focus goes on to what comes next, for the button that had it is gone.
      agree.querySelector("button").focus();
      open.hidden = true;
    }),
  );
}
