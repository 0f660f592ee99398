// The arc of a story, of a day, of a conversation: measured by the engine that stands in front of the model.
import { useState } from "preact/hooks";
import { call } from "../api/http.js";
import type { ConversationHead, Reading } from "../api/types.js";
import { house } from "../shell/house.js";
import { told, useLoaded } from "../shell/load.js";
import { useWords } from "../words/index.js";
import { Picture } from "./picture.js";

type Source = "text" | "day" | "conversation";

// A day as the bag counts them.
function today(): string {
  return new Date().toISOString().slice(0, 10);
}

function Field({ source, value, onValue }: { source: Source; value: string; onValue: (value: string) => void }) {
  const words = useWords();
  const { value: kept } = useLoaded<{ conversations: ConversationHead[] }>(source === "conversation" ? "/banchu/v1/conversations?limit=200" : "");
  const label = <label for="arc-of">{words.arc.of[source]}</label>;
  if (source === "text") {
    return <>{label}<textarea id="arc-of" rows={8} value={value} onInput={(event) => onValue(event.currentTarget.value)} /></>;
  }
  if (source === "day") {
    return <>{label}<input id="arc-of" type="date" value={value} onInput={(event) => onValue(event.currentTarget.value)} /></>;
  }
  return (
    <>
      {label}
      <select id="arc-of" value={value} onChange={(event) => onValue(event.currentTarget.value)}>
        <option value="">{words.arc.choose}</option>
        {kept?.conversations.map((head) => <option key={head.id} value={head.id}>{head.title}</option>)}
      </select>
    </>
  );
}

export function ArcView() {
  const words = useWords();
  const [source, setSource] = useState<Source>("text");
  const [value, setValue] = useState("");
  const [reading, setReading] = useState<Reading | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const sources: Source[] = house.mayGrow && house.has("conversations") ? ["text", "day", "conversation"] : ["text"];

  const choose = (next: Source): void => {
    setSource(next);
    setValue(next === "day" ? today() : "");
  };
  const measure = async (event: Event): Promise<void> => {
    event.preventDefault();
    setIsBusy(true);
    setProblem(null);
    setReading(null);
    await call<Reading>("/banchu/v1/arc", { body: { [source]: value } }).then(setReading, setProblem);
    setIsBusy(false);
  };
  return (
    <div class="page-part">
      <h1>{words.places.arc}</h1>
      <p>{words.arc.intro}</p>
      <form class="card" onSubmit={measure}>
        <fieldset class="choices">
          <legend>{words.arc.what}</legend>
          {sources.map((one) => (
            <label key={one}>
              <input type="radio" name="arc-source" checked={source === one} onChange={() => choose(one)} /> {words.arc.source[one]}
            </label>
          ))}
        </fieldset>
        <Field source={source} value={value} onValue={setValue} />
        <button class="primary" disabled={isBusy || value.trim() === ""}>{words.arc.measure}</button>
        <p role="status" class="quiet">{isBusy ? words.arc.measuring : ""}</p>
        {problem !== null && <p role="alert" class="problem">{told(words, problem)}</p>}
      </form>
      {reading && <Picture reading={reading} />}
    </div>
  );
}
