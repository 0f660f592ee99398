// Which part of the page is looked at: the word behind the # of its address.
import { Store } from "./store.js";

export const kPlaces = ["talk", "review", "night", "selves", "arc"] as const;
export type Place = (typeof kPlaces)[number];

class Here extends Store {
  place: Place = placeOf(location.hash);

  constructor() {
    super();
    addEventListener("hashchange", () => {
      this.place = placeOf(location.hash);
      this.changed();
    });
  }
}

function placeOf(hash: string): Place {
  return kPlaces.find((place) => hash === `#${place}`) ?? "talk";
}

export const here = new Here();
