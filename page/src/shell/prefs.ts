// What this browser remembers: the language and the colours. Nothing that was said.
import { Store } from "./store.js";

export type Language = "en" | "ko";
export type Theme = "auto" | "light" | "dark";

function remembered(name: string): string {
  try {
    return localStorage.getItem(`banchu-${name}`) ?? "";
  } catch {
    return ""; // a browser that remembers nothing
  }
}

function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`banchu-${name}`, value);
  } catch {
    // then only for now
  }
}

class Prefs extends Store {
  language: Language;
  theme: Theme;

  constructor() {
    super();
    const language = remembered("language") || navigator.language.slice(0, 2);
    this.language = language === "ko" ? "ko" : "en";
    const theme = remembered("theme");
    this.theme = theme === "light" || theme === "dark" ? theme : "auto";
    this.show();
  }

  setLanguage(language: Language): void {
    this.language = language;
    remember("language", language);
    this.show();
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    remember("theme", theme);
    this.show();
  }

  private show(): void {
    document.documentElement.lang = this.language;
    document.documentElement.dataset.theme = this.theme;
    this.changed();
  }
}

export const prefs = new Prefs();
