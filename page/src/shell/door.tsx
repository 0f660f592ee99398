// What is seen before the house is open: it is asked, it wants a key, or nobody answers.
import { useState } from "preact/hooks";
import { useKey } from "../api/http.js";
import { useWords } from "../words/index.js";
import { house } from "./house.js";

function KeyForm() {
  const words = useWords();
  const [key, setKey] = useState("");
  const [wasWrong, setWasWrong] = useState(false);
  const enter = async (event: Event): Promise<void> => {
    event.preventDefault();
    useKey(key.trim());
    await house.ask();
    setWasWrong(house.state === "locked");
  };
  return (
    <form class="card narrow" onSubmit={enter}>
      <h1>{words.door.title}</h1>
      <p id="key-help">{words.door.help}</p>
      <label for="key">{words.door.key}</label>
      <input id="key" type="password" autocomplete="off" aria-describedby="key-help" value={key} onInput={(event) => setKey(event.currentTarget.value)} />
      {wasWrong && <p role="alert" class="problem">{words.door.wrong}</p>}
      <button class="primary" type="submit">{words.door.enter}</button>
    </form>
  );
}

export function Door({ state }: { state: "asking" | "locked" | "gone" }) {
  const words = useWords();
  if (state === "locked") return <KeyForm />;
  if (state === "asking") return <p class="quiet center" role="status">{words.door.asking}</p>;
  return (
    <div class="card narrow" role="alert">
      <h1>{words.door.gone}</h1>
      <p>{words.door.goneHelp}</p>
      <button onClick={() => void house.ask()}>{words.door.again}</button>
    </div>
  );
}
