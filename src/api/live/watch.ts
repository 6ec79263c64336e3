import type { Command, RecordFact } from '../../core/command.ts';
import type { ContactCard, DeskView } from '../../core/desk-view.ts';
import type { AgentId, ContactId } from '../../core/ids.ts';
import { agentId } from '../../core/ids.ts';
import type { ConversationView } from '../../core/view.ts';
import { Deadlines } from '../../lib/deadlines.ts';
import { BoardItems } from './board-items.ts';
import { EndedCalls } from './ended-calls.ts';
import { FloorItems } from './floor-items.ts';
import type { Decided, LiveCore } from './live-core.ts';
import type { AlarmItem, ChannelsItem, DayFigures, FormItem, HintItem, Item } from './messages.ts';
import { agentItem, contactItem, conversationItem, selfItem } from './seat-items.ts';
import { Stream } from './stream.ts';
import { WaitingList, waitingItem } from './waiting-list.ts';

/** The board of who keeps the house and leads nobody: figures and alarms, nothing of an agent's work or a citizen. No team is called so. */
export const FIGURES_BOARD = '/figures';

/** Hints kept for one agent. */
const HINTS_MAX = 10;
/** Forms of which one person is told. */
const FORMS_MAX = 20;

/** One agent as shown now. */
interface Seen {
  /** `talkSinceMs`: as long as the contact is the agent's, the wrap-up included. */
  readonly view: DeskView;
  /** The contact that is or was the agent's, with its last wait; it may be over, or rate the talk, while it is wrapped up. */
  readonly card: ContactCard | undefined;
}

/** A wrap-up goes on telling of the talk, and of the wait before it; one that outlived a restart tells what was written down of it. */
function seenAfter(before: Seen | undefined, view: DeskView, card: ContactCard | undefined): Seen {
  if (view.contact === undefined || before?.view.contact !== view.contact) return { view, card: card ?? view.card };
  const { talkSinceMs } = before.view;
  const wait = card?.wait ?? before.card?.wait;
  return {
    view: view.state !== 'wrapUp' || talkSinceMs === undefined ? view : { ...view, talkSinceMs },
    card: card === undefined ? (before.card ?? view.card) : { ...card, ...(wait === undefined ? {} : { wait }) },
  };
}

/**
 * Follows the core and keeps the streams up: what an entry of the journal touched is looked at again, and nothing else. It looks while the
 * state is exactly what was written down.
 */
export class Watch {
  readonly floor = new Stream('floor');
  readonly #core: LiveCore;
  readonly #boardItems: BoardItems;
  readonly #floorItems: FloorItems;
  readonly #waiting = new WaitingList();
  readonly #ended = new EndedCalls();
  readonly #seen = new Map<AgentId, Seen>();
  /** Team → its board; empty: of everybody. */
  readonly #boards = new Map<string, Stream>();
  readonly #seats = new Map<AgentId, Stream>();
  readonly #changedSeats = new Set<Stream>();
  readonly #registrations = new Deadlines<string>();
  #teamOf: ReadonlyMap<string, string> = new Map();
  #alarms: readonly AlarmItem[] = [];
  #tables: readonly Item[] = [];
  #channels: readonly ChannelsItem[] = [];
  #state: object | undefined;
  #hints = 0;

  constructor(core: LiveCore) {
    this.#core = core;
    this.#boardItems = new BoardItems(core, (team, agent) => this.#isOn(team, agent));
    this.#floorItems = new FloorItems(core, this.floor, this.#waiting);
    this.#lookAtAll();
  }

  hear(entries: readonly Decided[]): void {
    const agents = new Set<AgentId>();
    const contacts = new Set<ContactId>();
    let all = this.#state !== this.#core.state();
    for (const { event, commands, atMs } of entries) {
      switch (event.type) {
        case 'started':
        case 'settingsLoaded':
        case 'surveyed':
        case 'nodeLost':
          all = true;
          break;
        // The citizen's leaving leaves no fact while the agent writes notes.
        case 'conversationEnded':
          contacts.add(event.contact);
          break;
        case 'agentStateAsked':
          agents.add(event.agent);
          break;
        case 'deviceRegistered':
          this.#registrations.set(event.device.sipUser, event.device.expiresAtMs, event.device.sipUser);
          this.#addSeat(event.device.sipUser, agents);
          break;
        case 'deviceGone':
          this.#addSeat(event.sipUser, agents);
          break;
        case 'tick':
          for (let due = this.#registrations.takeDue(atMs); due !== undefined; due = this.#registrations.takeDue(atMs))
            this.#addSeat(due, agents);
      }
      for (const command of commands) {
        this.#touchedBy(command, agents, contacts);
        const cutOff = this.#ended.hear(command, atMs, this.#seen, (id) => this.#core.contact(id)?.waiting === true);
        if (cutOff !== undefined) agents.add(cutOff);
        if (command.do === 'record-fact' && command.fact === 'messageTaken') this.#written(command, atMs);
      }
    }
    if (all) return this.#lookAtAll();
    for (const id of contacts) this.#lookAtContact(id, agents);
    for (const id of agents) this.#lookAtAgent(id);
    this.#floorItems.refresh();
  }

  board(team: string): Stream {
    const known = this.#boards.get(team);
    if (known !== undefined) return known;
    const board = new Stream('board');
    this.#boards.set(team, board);
    for (const { view, card } of this.#seen.values())
      if (this.#isOn(team, view.agent)) board.put(agentItem(view, card));
    for (const id of this.#core.contacts()) this.#showOn(board, this.#core.contact(id));
    for (const item of [...this.#alarms, ...this.#tables, ...this.#channels]) board.put(item);
    this.#boardItems.showAll(team, board);
    board.commit();
    return board;
  }

  seat(user: string): Stream {
    const id = agentId(user);
    const known = this.#seats.get(id);
    if (known !== undefined) return known;
    const seat = new Stream('me');
    this.#seats.set(id, seat);
    this.#showSeat(id);
    seat.commit();
    return seat;
  }

  /** Nobody looks at it any more. */
  forget(stream: Stream): void {
    for (const streams of [this.#seats, this.#boards] as Map<string, Stream>[])
      for (const [key, each] of streams) if (each === stream) streams.delete(key);
  }

  /** Seats with something new to tell, once each. */
  takeChangedSeats(): Iterable<Stream> {
    const changed = [...this.#changedSeats];
    this.#changedSeats.clear();
    return changed;
  }

  /** What many read, with something new to tell. */
  changed(): readonly Stream[] {
    return [this.floor, ...this.#boards.values()].filter((stream) => stream.changed);
  }

  setTeams(teamOf: ReadonlyMap<string, string>): void {
    this.#teamOf = teamOf;
    for (const seen of this.#seen.values()) this.#showOnBoards(seen);
    for (const [team, board] of this.#boards) this.#boardItems.showAll(team, board);
  }

  setAlarms(alarms: readonly AlarmItem[]): void {
    this.#replace(this.#alarms, alarms);
    this.#alarms = alarms;
  }

  /** What every board shows of the calls of the day. */
  setTables(tables: readonly Item[]): void {
    this.#replace(this.#tables, tables);
    this.#tables = tables;
  }

  /** How the channels are is other than before. */
  setChannels(changes: number): void {
    this.#channels = [{ key: 'channels', kind: 'channels', changes }];
    this.#replace([], this.#channels);
  }

  setDay(day: DayFigures | undefined): void {
    this.#floorItems.setDay(day);
  }

  #replace(before: readonly Item[], after: readonly Item[]): void {
    const kept = new Set(after.map(({ key }) => key));
    for (const board of this.#boards.values()) {
      for (const { key } of before) if (!kept.has(key)) board.drop(key);
      for (const item of after) board.put(item);
    }
  }

  /** Ready, or with a contact. */
  isAtWork(user: string): boolean {
    const state = this.#seen.get(agentId(user))?.view.state ?? 'offline';
    return state !== 'offline' && state !== 'notReady';
  }

  /** @returns its key; undefined when nobody at that seat would see it. */
  hint(agent: string, hint: Pick<HintItem, 'by' | 'text' | 'atMs'>): string | undefined {
    const seat = this.#seats.get(agentId(agent));
    if (seat === undefined) return undefined;
    this.#hints += 1;
    const key = `hint/${String(this.#hints).padStart(9, '0')}`;
    seat.put({ key, kind: 'hint', ...hint });
    for (const old of seat.keys('hint/').sort().slice(0, -HINTS_MAX)) seat.drop(old);
    this.#changedSeats.add(seat);
    return key;
  }

  /** It has reached nobody. */
  dropHint(agent: string, key: string): void {
    const seat = this.#seats.get(agentId(agent));
    seat?.drop(key);
    if (seat?.changed) this.#changedSeats.add(seat);
  }

  /** The citizen writes, or no longer. */
  citizenWrites(agent: AgentId, contact: ContactId, on: boolean, atMs: number): void {
    const seat = this.#seats.get(agent);
    if (seat === undefined) return;
    if (on) seat.put({ key: `writing/${contact}`, kind: 'writing', contact, atMs });
    else seat.drop(`writing/${contact}`);
    if (seat.changed) this.#changedSeats.add(seat);
  }

  /** What became of messages that this agent wrote is other than before. */
  receiptsCame(agent: AgentId, contact: ContactId, atMs: number): void {
    const seat = this.#seats.get(agent);
    seat?.put({ key: `receipts/${contact}`, kind: 'receipts', contact, atMs });
    if (seat?.changed) this.#changedSeats.add(seat);
  }

  /** A form that this person knows is stored anew. */
  formStored(user: string, form: Omit<FormItem, 'key' | 'kind'>): void {
    const seat = this.#seats.get(agentId(user));
    if (seat === undefined) return;
    const key = `form/${form.contact}`;
    const others = seat.keys('form/').filter((each) => each !== key);
    for (const old of others.slice(0, Math.max(0, others.length + 1 - FORMS_MAX))) seat.drop(old);
    seat.put({ key, kind: 'form', ...form });
    if (seat.changed) this.#changedSeats.add(seat);
  }

  #written({ contact, message }: Extract<RecordFact, { fact: 'messageTaken' }>, atMs: number): void {
    const agent = this.#core.contact(contact)?.agent;
    const seat = agent === undefined ? undefined : this.#seats.get(agent);
    seat?.put({ key: `messages/${contact}`, kind: 'messages', contact, last: message, atMs });
  }

  #addSeat(sipUser: string, agents: Set<AgentId>): void {
    const agent = this.#core.agentOfSeat(sipUser);
    if (agent !== undefined) agents.add(agent);
  }

  #touchedBy(command: Command, agents: Set<AgentId>, contacts: Set<ContactId>): void {
    if ('contact' in command && command.contact !== undefined) contacts.add(command.contact);
    if (command.do !== 'record-fact') return;
    if ('agent' in command && command.agent !== undefined) agents.add(command.agent);
    if (command.fact === 'alertRaised' || command.fact === 'alertEnded' || command.fact === 'alertSeen')
      for (const [team, board] of this.#boards) this.#boardItems.showAlerts(team, board);
    if (command.fact === 'siteStatus') this.#floorItems.sitesChanged();
    if (command.fact.startsWith('mode')) this.#floorItems.modeChanged();
  }

  #lookAtAll(): void {
    this.#state = this.#core.state();
    for (const { sipUser, expiresAtMs } of this.#core.devices()) this.#registrations.set(sipUser, expiresAtMs, sipUser);
    this.#waiting.clear();
    for (const board of this.#boards.values()) for (const key of board.keys('waiting/')) board.drop(key);
    const agents = new Set([...this.#seen.keys(), ...this.#core.agents(), ...this.#seats.keys()]);
    for (const id of this.#core.contacts()) this.#lookAtContact(id, agents);
    for (const id of agents) this.#lookAtAgent(id);
    for (const [team, board] of this.#boards) this.#boardItems.showAll(team, board);
    this.#floorItems.refreshAll();
  }

  #lookAtContact(id: ContactId, agents: Set<AgentId>): void {
    const card = this.#core.contact(id);
    for (const [team, board] of this.#boards) this.#boardItems.showSupervision(team, board, id, card);
    for (const queue of this.#waiting.place(id, card)) this.#floorItems.queueChanged(queue);
    if (card?.agent !== undefined) agents.add(card.agent);
    if (card?.waiting === true) {
      if (this.#waiting.show(id)) for (const board of this.#boards.values()) this.#showOn(board, card);
      return;
    }
    const next = this.#waiting.hide(id);
    for (const board of this.#boards.values()) board.drop(`waiting/${id}`);
    if (next !== undefined && this.#waiting.show(next))
      for (const board of this.#boards.values()) this.#showOn(board, this.#core.contact(next));
  }

  #showOn(board: Stream, card: ContactCard | undefined): void {
    if (board === this.#boards.get(FIGURES_BOARD)) return;
    if (card?.waiting === true && card.wait !== undefined && this.#waiting.show(card.contact))
      board.put(waitingItem(card, card.wait));
  }

  #lookAtAgent(id: AgentId): void {
    const view = this.#core.agent(id);
    const before = this.#seen.get(id);
    this.#floorItems.agentChanged(before?.view, view);
    if (view === undefined) {
      this.#seen.delete(id);
      for (const board of this.#boards.values()) board.drop(`agent/${id}`);
      return this.#showSeat(id);
    }
    const { contact } = view;
    const card = contact === undefined ? undefined : this.#core.contact(contact);
    const seen = seenAfter(before, view, card);
    this.#seen.set(id, seen);
    this.#showOnBoards(seen);
    this.#showSeat(id);
  }

  #showOnBoards({ view, card }: Seen): void {
    for (const [team, board] of this.#boards) {
      if (this.#isOn(team, view.agent)) board.put(agentItem(view, card));
      else board.drop(`agent/${view.agent}`);
    }
  }

  #showConversations(seat: Stream, conversations: readonly ConversationView[]): void {
    const own = new Set<string>(conversations.map(({ contact }) => contact));
    for (const kind of ['conversation/', 'messages/', 'receipts/', 'writing/'])
      for (const key of seat.keys(kind)) if (!own.has(key.slice(kind.length))) seat.drop(key);
    for (const each of conversations) seat.put(conversationItem(each, this.#core.contact(each.contact)));
  }

  #isOn(team: string, agent: AgentId): boolean {
    return team === '' || this.#teamOf.get(agent) === team;
  }

  #showSeat(id: AgentId): void {
    const seen = this.#seen.get(id);
    const ended = seen && this.#ended.of(seen.view);
    const seat = this.#seats.get(id);
    if (seat === undefined) return;
    const contact = seen && contactItem(seen.view, seen.card);
    this.#showConversations(seat, seen?.view.conversations ?? []);
    if (seen === undefined) seat.drop('self');
    else seat.put(selfItem(seen.view));
    if (contact === undefined) seat.drop('contact');
    else seat.put(contact);
    if (ended === undefined) seat.drop('ended');
    else seat.put(ended);
    if (seat.changed) this.#changedSeats.add(seat);
  }
}
