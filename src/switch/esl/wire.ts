import type { ListeningMode, SwitchCommand } from '../../core/command.ts';

/**
 * Every string that is sent to a switch is made here, and only from parts that have passed one of these checks: a caller decides its own
 * name and number, and a phone its contact URI (guide: event-socket and dial-plan injection).
 */

/** Ids (legs, keys, contacts, causes): nothing that any of the switch's parsers gives a meaning to. */
export function isSafeId(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/.test(text);
}

/** Absolute paths without anything that separates arguments, lists of files or variables. Blanks are allowed and quoted. */
export function isSafePath(path: string): boolean {
  return path.length <= 1024 && /^\/[\p{L}\p{M}\p{N} ._+@/-]*$/u.test(path);
}

/** Contact URIs: RFC 3261 characters less those that a dial string gives a meaning to. */
export function isSafeUri(uri: string): boolean {
  return uri.length <= 512 && /^sips?:[A-Za-z0-9._~%*+!/?;=:@[\]-]+$/.test(uri);
}

/** A number as a phone may show it; anything else is left out. */
export function safeNumber(text: string): string {
  return text.replace(/[^0-9A-Za-z*#+.-]/g, '').slice(0, 32);
}

/** A name as a phone may show it: letters, digits and a few marks. Blanks become no-break spaces, which separate nothing. */
export function safeName(text: string): string {
  return text
    .replace(/[^\p{L}\p{M}\p{N} ._·-]/gu, '')
    .trim()
    .replace(/ +/g, '\u00a0')
    .slice(0, 64);
}

export function setVariables(leg: string, variables: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  return `api uuid_setvar_multi ${leg} ${pairs.join(';')}`;
}

/** Runs an application on a leg. Its end is a `CHANNEL_EXECUTE_COMPLETE` whose `Application-UUID` is `key`. */
export function execute(leg: string, key: string, application: string, argument?: string): string {
  const lines = [
    `sendmsg ${leg}`,
    'call-command: execute',
    `execute-app-name: ${application}`,
    ...(argument === undefined ? [] : [`execute-app-arg: ${argument}`]),
    `Event-UUID: ${key}`,
  ];
  return lines.join('\n');
}

/**
 * Who hears a leg that overhears an agent's leg: the switch's `bleg` is the agent, `aleg` whoever the agent is bridged with. Keys of the
 * overhearing phone must change nothing: who may be heard is decided and written down elsewhere.
 */
export function hearers(mode: ListeningMode): Readonly<Record<string, string>> {
  return {
    eavesdrop_enable_dtmf: 'false',
    eavesdrop_whisper_aleg: String(mode === 'barge'),
    eavesdrop_whisper_bleg: String(mode !== 'listen'),
  };
}

const HEARERS_DIGIT: Readonly<Record<ListeningMode, string>> = { listen: '0', whisper: '2', barge: '3' };

/** The same to a leg that overhears already. */
export function changeHearers(leg: string, mode: ListeningMode): string {
  const headers = [
    'Event-Subclass: minhu::supervise',
    `Unique-ID: ${leg}`,
    `eavesdrop-command: ${HEARERS_DIGIT[mode]}`,
  ];
  return ['sendevent CUSTOM', ...headers].join('\n');
}

export const MUSIC = 'local_stream://moh';

/** Several sources played as one, so that one end is reported for all. */
export function playlist(sources: readonly string[]): string {
  return sources.length === 1 ? sources[0]! : `file_string://${sources.join('!')}`;
}

export function playAndGetDigits(files: readonly string[], waitMs: number): string {
  const prompt = files.length === 0 ? 'silence_stream://10' : playlist(files);
  return `1 1 1 ${Math.max(1, Math.round(waitMs))} none ${quoted(prompt)} silence_stream://10 minhu_digits [0-9A-D*#]`;
}

/** Arguments are separated by blanks; only paths may hold one, and never a quote. */
export function quoted(argument: string): string {
  return argument.includes(' ') ? `'${argument}'` : argument;
}

export type Ring = Extract<SwitchCommand, { do: 'ring' }>;

/** The switch's own timer counts whole seconds and fires early; ours decides, this one only sweeps up. */
const SPARE_SECONDS = 5;

/**
 * An agent's phone that sends nothing for so long has died; FreeSWITCH then says `MEDIA_TIMEOUT`. Held phones may be silent. The embedded
 * switch finds out by itself, and asks the phone by OPTIONS first.
 */
const SILENT_MS_MAX = 10_000;
/** A browser that is muted sends silence: one that sends nothing sleeps, or its network is away. */
const PAGE_SILENT_MS_MAX = 3_000;
const SILENT_HELD_MS_MAX = 3_600_000;

export type Dial = Extract<SwitchCommand, { do: 'dial' }>;

/** Digits and nothing else; which numbers may be dialled is decided before. 110, 119 and 120 have three. */
export function isDiallable(number: string): boolean {
  return /^[0-9]{3,20}$/.test(number);
}

/** A citizen's phone may be silent: nobody loses a call for it. `trunk` is ours, from the settings. */
export function dialOut(dial: Dial, trunk: string): string {
  const variables: Readonly<Record<string, string>> = {
    origination_uuid: dial.leg,
    origination_caller_id_number: safeNumber(dial.callerNumber),
    originate_timeout: String(Math.ceil(dial.timeoutMs / 1000) + SPARE_SECONDS),
    ignore_early_media: 'true',
    park_after_bridge: 'true',
    hangup_after_bridge: 'false',
    playback_terminators: 'none',
    minhu_role: 'citizen',
    minhu_key: dial.key,
    minhu_contact: dial.contact,
  };
  const list = Object.entries(variables)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  return `bgapi originate {${list}}sofia/internal/sip:${dial.number}@${trunk} &park()\nJob-UUID: ${dial.leg}`;
}

/**
 * What a phone that is to answer by itself is told by: RFC 3261 §20.9 with the `answer-after` that desk phones know, the `Alert-Info` of others,
 * and our own for the desk, which also looks at the contact. Only a talk that lost its phone is marked so.
 */
const RESUME_HEADERS: Readonly<Record<string, string>> = {
  'sip_h_X-Minhu-Resume': 'true',
  'sip_h_Call-Info': '<sip:minhu>;answer-after=0',
  'sip_h_Alert-Info': '<http://minhu>;info=alert-autoanswer;delay=0',
};

/** FreeSWITCH ends the caller's leg with that of an agent who holds it, whatever else was said, unless it has somewhere to go. */
const LEFT_ON_HOLD = 'park:inline';

/** `Job-UUID` is the leg, so that the answer finds its way home on any later connection. */
export function originate(ring: Ring, at?: { readonly seat: string; readonly page: string }): string {
  const variables: Readonly<Record<string, string>> = {
    origination_uuid: ring.leg,
    origination_caller_id_number: safeNumber(ring.callerNumber),
    origination_caller_id_name: safeName(ring.callerName),
    originate_timeout: String(Math.ceil(ring.timeoutMs / 1000) + SPARE_SECONDS),
    ignore_early_media: 'true',
    park_after_bridge: 'true',
    hangup_after_bridge: 'false',
    hold_hangup_xfer_exten: LEFT_ON_HOLD,
    playback_terminators: 'none',
    media_timeout: String(at === undefined ? SILENT_MS_MAX : PAGE_SILENT_MS_MAX),
    media_hold_timeout: String(SILENT_HELD_MS_MAX),
    minhu_role: 'agent',
    minhu_key: ring.key,
    minhu_contact: ring.contact,
    'sip_h_X-Minhu-Contact': ring.contact,
    ...(at === undefined ? {} : { minhu_seat: at.seat, minhu_page: at.page }),
    ...(ring.resume === true ? RESUME_HEADERS : {}),
  };
  const pairs = Object.entries(variables).filter(([, value]) => value !== '');
  const list = pairs.map(([name, value]) => `${name}=${value}`).join(',');
  return `bgapi originate {${list}}sofia/internal/${ring.device} &park()\nJob-UUID: ${ring.leg}`;
}
