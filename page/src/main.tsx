import { render } from "preact";
import { App } from "./shell/app.js";
import { house } from "./shell/house.js";

render(<App />, document.getElementById("page")!);
void house.ask();
