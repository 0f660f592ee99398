// The frame of the page: what is always in sight, and the part that is looked at.
import { useEffect, useRef } from "preact/hooks";
import { ArcView } from "../arc/view.js";
import { NightView } from "../night/view.js";
import { ReviewView } from "../review/view.js";
import { SelvesView } from "../selves/view.js";
import { TalkView } from "../talk/view.js";
import { useWords } from "../words/index.js";
import { Door } from "./door.js";
import { Head } from "./head.js";
import { house } from "./house.js";
import { here, type Place } from "./place.js";
import { useStore } from "./store.js";

const kViews: Record<Place, () => preact.JSX.Element> = {
  talk: TalkView,
  review: ReviewView,
  night: NightView,
  selves: SelvesView,
  arc: ArcView,
};

export function App() {
  const words = useWords();
  const { state } = useStore(house);
  const { place } = useStore(here);
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    document.title = `${words.places[place]} · ${words.name}`;
  }, [place, words]);
  const isFirst = useRef(true);
  useEffect(() => {
    // Who reads by ear hears where he is now.
    if (!isFirst.current && place !== "talk") main.current?.focus();
    isFirst.current = false;
  }, [place]);

  const View = kViews[place];
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        {words.skip}
      </a>
      <Head />
      <main id="main" ref={main} tabIndex={-1} aria-label={words.places[place]} data-place={place}>
        {state === "open" ? <View /> : <Door state={state} />}
      </main>
    </>
  );
}
