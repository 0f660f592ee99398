// Which parts of banchu's own API a server has, read from its own description of itself. Pure.

export type Room = "conversations" | "turns" | "masks" | "coming" | "review" | "nights" | "selves" | "arc";

// "nights" of "  /banchu/v1/nights/{id}:".
export function roomsOf(openapi: string): Set<string> {
  const rooms = new Set<string>();
  for (const [, room] of openapi.matchAll(/^ {2}\/banchu\/v1\/([a-z]+)[/a-z{}]*:/gm)) rooms.add(room!);
  return rooms;
}
