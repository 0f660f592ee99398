// The page's words in the visitor's language.
import { prefs } from "../shell/prefs.js";
import { useStore } from "../shell/store.js";
import { en, type Words } from "./en.js";
import { ko } from "./ko.js";

export type { Words };

export function useWords(): Words {
  return useStore(prefs).language === "ko" ? ko : en;
}
