// Texts in the traveller's language: the page's own, and the policy's notice as the service sends it.

const RIGHT_TO_LEFT = ["ar"];

export class Words {
  #texts;
  #notice = {};
  language = "en";

  static async load() {
    const words = new Words();
    const answer = await fetch("/assets/i18n.json");
    if (!answer.ok) throw new Error("the texts did not load");
    words.#texts = await answer.json();
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

  /** Writes all texts of the page anew. */
  apply() {
    for (const element of document.querySelectorAll("[data-text]")) {
      element.textContent = this.text(element.dataset.text);
    }
    for (const element of document.querySelectorAll("[data-advice]")) {
      element.textContent = this.advice(element.dataset.advice);
    }
    const notice = this.#notice[this.language] ?? this.#notice.en ?? {};
    for (const element of document.querySelectorAll("[data-notice]")) {
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
