// The mask that the companion wears in this conversation: words that stand before it, changed at will.
import { house } from "../shell/house.js";
import { useLoaded } from "../shell/load.js";
import { useStore } from "../shell/store.js";
import type { Mask } from "../api/types.js";
import { useWords } from "../words/index.js";
import { talks } from "./talks.js";

const kLongestName = 40;

function nameOf(mask: Mask): string {
  const name = mask.name || mask.system.replace(/\s+/g, " ").trim();
  return name.length > kLongestName ? `${name.slice(0, kLongestName - 1)}…` : name;
}

export function MaskPicker() {
  const words = useWords();
  const { current } = useStore(talks);
  const isThere = house.has("masks") && house.mayGrow;
  const { value } = useLoaded<{ masks: Mask[] }>(isThere ? "/banchu/v1/masks" : "");
  if (!value || value.masks.length === 0) return null;
  const worn = value.masks.find((mask) => mask.id === current.mask);
  return (
    <span class="mask">
      <label for="mask">{words.talk.mask}</label>
      <select id="mask" value={current.mask} title={worn?.system ?? ""} onChange={(event) => talks.setMask(event.currentTarget.value)}>
        <option value="">{words.talk.noMask}</option>
        {value.masks.map((mask) => <option key={mask.id} value={mask.id}>{nameOf(mask)}</option>)}
      </select>
    </span>
  );
}
