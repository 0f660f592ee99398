// The top of the page: who speaks, what becomes of what is said, where one is, language and colours.
import type { Mode } from "../api/reply.js";
import type { Room } from "../api/rooms.js";
import { talks } from "../talk/talks.js";
import { useWords } from "../words/index.js";
import { house } from "./house.js";
import { here, kPlaces, type Place } from "./place.js";
import { prefs, type Theme } from "./prefs.js";
import { useStore } from "./store.js";

const kRoomOf: Partial<Record<Place, Room>> = { review: "coming", night: "nights", selves: "selves", arc: "arc" };

// A part is shown when the server has it; what is about the bag, when there is one and it may be looked at.
function isThere(place: Place): boolean {
  const room = kRoomOf[place];
  if (room === undefined) return true;
  return house.has(room) && (place === "arc" || house.mayGrow);
}

function ModeSwitch() {
  const words = useWords();
  const { mode } = useStore(talks);
  const choice = (value: Mode) => (
    <label class={`mode-${value}`}>
      <input
        type="radio"
        name="mode"
        value={value}
        checked={mode === value}
        disabled={value === "grow" && !house.mayGrow}
        onChange={() => talks.setMode(value)}
      />
      <span>{words.mode[value]}</span>
    </label>
  );
  const why = house.mayGrow || house.state !== "open" ? "" : house.hasBag ? words.mode.mayNot : words.mode.noBag;
  return (
    <fieldset class="mode" data-mode={mode}>
      <legend class="hidden">{words.mode.legend}</legend>
      <div class="segments">
        {choice("sandbox")}
        {choice("grow")}
      </div>
      <p class="mode-says" role="status">{why || words.mode.says[mode]}</p>
    </fieldset>
  );
}

function Places() {
  const words = useWords();
  const { place } = useStore(here);
  return (
    <nav aria-label={words.parts}>
      {kPlaces.filter(isThere).map((one) => (
        <a key={one} href={`#${one}`} aria-current={one === place ? "page" : undefined}>
          {words.places[one]}
        </a>
      ))}
    </nav>
  );
}

function Looks() {
  const words = useWords();
  const { language, theme } = useStore(prefs);
  const other = language === "ko" ? "en" : "ko";
  return (
    <div class="looks">
      <button lang={other} class="plain" onClick={() => prefs.setLanguage(other)}>
        {other === "ko" ? "한국어" : "English"}
      </button>
      <label class="hidden" for="theme">{words.theme.label}</label>
      <select id="theme" value={theme} onChange={(event) => prefs.setTheme(event.currentTarget.value as Theme)}>
        <option value="auto">{words.theme.auto}</option>
        <option value="light">{words.theme.light}</option>
        <option value="dark">{words.theme.dark}</option>
      </select>
    </div>
  );
}

function WhoSpeaks() {
  const words = useWords();
  const { awake } = useStore(house);
  if (awake === null) return null;
  const name = awake.self === "" ? words.bare : words.self(awake.self.slice(0, 8));
  return (
    <p class="who">
      <span class={awake.trouble ? "dot trouble" : "dot"} aria-hidden="true" />
      {name}
      {awake.trouble && <span class="problem">{awake.trouble}</span>}
    </p>
  );
}

export function Head() {
  const words = useWords();
  const { state } = useStore(house);
  return (
    <header>
      <div class="bar">
        <p class="brand">{words.name}</p>
        <WhoSpeaks />
        <Looks />
      </div>
      {state === "open" && (
        <div class="bar second">
          <Places />
          <ModeSwitch />
        </div>
      )}
    </header>
  );
}
