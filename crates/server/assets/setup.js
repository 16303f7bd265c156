// The set-up link carries its token in the fragment, which no server and no log sees; it goes into the form.

const token = decodeURIComponent(location.hash.slice(1));
if (token) {
  history.replaceState(null, "", location.pathname);
  document.getElementById("token").value = token;
  document.getElementById("token-field").hidden = true;
  document.getElementById("name").focus();
}
