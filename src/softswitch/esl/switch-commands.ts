/** What the event socket asks of the switch behind it. Texts are those that the client sees. Nothing here throws. */
export interface SwitchCommands {
  /** `api NAME ARGUMENT`. An unknown name: `-ERR NAME Command not found!`. */
  api(name: string, argument: string): ApiAnswer;
  /** `sendmsg LEG`. */
  message(leg: string, headers: ReadonlyMap<string, string>, body: string): CommandAnswer;
  /** `sendevent` with a `Unique-ID`: for what runs on that leg, and for nobody else. False: there is no such leg. */
  event(leg: string, headers: ReadonlyMap<string, string>): boolean;
}

export interface CommandAnswer {
  readonly reply: string;
  /** Carried out after the reply, unless the answer says no. */
  readonly effect?: () => void;
}

export type ApiAnswer =
  | CommandAnswer
  /** Takes time: `start` is called once and calls `done` once. */
  | { readonly start: (done: (reply: string) => void) => void };
