// What there is behind this page, and what this visitor may do with it. The page shows nothing that the server has not.
import { ApiError, call, open } from "../api/http.js";
import { roomsOf, type Room } from "../api/rooms.js";
import type { Awake } from "../api/types.js";
import { Store } from "./store.js";

const kLooks_ms = [0, 1500, 3000];

class House extends Store {
  state: "asking" | "open" | "locked" | "gone" = "asking";
  awake: Awake | null = null;
  hasBag = false; // something could be kept here
  mayGrow = false; // and this visitor may ask for it
  private rooms = new Set<string>();

  has(room: Room): boolean {
    return this.rooms.has(room);
  }

  // Asks for everything anew.
  async ask(): Promise<void> {
    try {
      this.awake = await call<Awake>("/banchu/v1/awake");
      this.rooms = roomsOf(await (await open("/openapi.yaml")).text());
      const models = await call<{ data: { id: string }[] }>("/v1/models");
      this.hasBag = models.data.some((model) => model.id.endsWith(":grow"));
      this.mayGrow = this.hasBag && (await mayReadSelves());
      this.state = "open";
    } catch (problem) {
      this.state = problem instanceof ApiError && problem.status === 401 ? "locked" : "gone";
    }
    this.changed();
  }

  // Somebody else may have woken. The talking thread opens its eyes within a second or two, so we look again.
  async lookWhoIsAwake(): Promise<void> {
    for (const pause_ms of kLooks_ms) {
      await new Promise((resolve) => setTimeout(resolve, pause_ms));
      this.awake = await call<Awake>("/banchu/v1/awake").catch(() => this.awake);
      this.changed();
    }
  }
}

// Reading about the selves needs the right to grow.
async function mayReadSelves(): Promise<boolean> {
  try {
    await call("/banchu/v1/selves");
    return true;
  } catch (problem) {
    if (problem instanceof ApiError && problem.status === 403) return false;
    throw problem;
  }
}

export const house = new House();
