// Texts in the traveller's language: the page's own, and the policy's notice as the service sends it.

const RIGHT_TO_LEFT = ["ar"];

/** All texts, by language and key. */
export async function texts() {
  const answer = await fetch("/assets/i18n.json");
  if (!answer.ok) throw new Error("the texts did not load");
  return answer.json();
}

export class Words {
  #texts;
  #notice = {};
  language = "en";

  static async load() {
    const words = new Words();
    words.#texts = await texts();
    words.reset();
    return words;
  }

  /** Back to the language of this browser, for the next traveller. */
  reset() {
    const wanted = navigator.languages?.map((tag) => tag.split("-")[0].toLowerCase()) ?? [];
    this.choose(wanted.find((language) => language in this.#texts) ?? "en");
  }

  set notice(notice) {
    this.#notice = notice;
    this.apply();
  }

  choose(language) {
    this.language = language in this.#texts ? language : "en";
    const root = document.documentElement;
    root.lang = this.language;
    root.dir = RIGHT_TO_LEFT.includes(this.language) ? "rtl" : "ltr";
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === this.language));
    }
    this.apply();
  }

  text(key) {
    return this.#texts[this.language][key] ?? this.#texts.en[key] ?? key;
  }

  advice(code) {
    return this.text("advice")[code] ?? this.text("look_at_camera");
  }

  /** Writes the text that an element names, with its number where it has one. */
  write(element) {
    const { text, n = "" } = element.dataset;
    element.textContent = text ? this.text(text).replace("{n}", n) : "";
  }

  /** Writes all texts of the page anew. */
  apply() {
    for (const element of document.querySelectorAll("[data-text]")) {
      this.write(element);
    }
    for (const element of document.querySelectorAll("[data-advice]")) {
      element.textContent = this.advice(element.dataset.advice);
    }
    const own = this.#notice[this.language];
    const notice = own ?? this.#notice.en ?? {};
    for (const element of document.querySelectorAll("[data-notice]")) {
      // A law that has no notice in this language is read in English, from left to right.
      for (const [name, value] of [["lang", "en"], ["dir", "ltr"]]) {
        if (own) element.removeAttribute(name);
        else element.setAttribute(name, value);
      }
      element.textContent = notice[element.dataset.notice] ?? "";
    }
    const authority = document.getElementById("authority");
    const { law, owner } = authority.dataset;
    // Isolated (U+2068, U+2069): a citation reads left to right inside Arabic, too.
    const isolated = (text) => `\u2068${text}\u2069`;
    const words = this.text("authority");
    authority.textContent = law ? words.replace("{law}", () => isolated(law)).replace("{owner}", () => isolated(owner)) : "";
  }
}
