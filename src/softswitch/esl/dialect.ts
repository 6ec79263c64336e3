/**
 * What this switch understands of FreeSWITCH 1.10's event socket, as data: the tables that refuse everything else.
 * A name stands here only when something behind it works.
 */

/** Event names that a client may ask for. Those marked `false` exist in FreeSWITCH and are never sent here. */
const EVENTS: Readonly<Record<string, boolean>> = {
  CHANNEL_CREATE: true,
  CHANNEL_OUTGOING: true,
  CHANNEL_ORIGINATE: true,
  CHANNEL_PROGRESS: true,
  CHANNEL_PROGRESS_MEDIA: true,
  CHANNEL_ANSWER: true,
  CHANNEL_PARK: true,
  CHANNEL_UNPARK: true,
  CHANNEL_BRIDGE: true,
  CHANNEL_UNBRIDGE: true,
  CHANNEL_HOLD: true,
  CHANNEL_UNHOLD: true,
  CHANNEL_EXECUTE: true,
  CHANNEL_EXECUTE_COMPLETE: true,
  CHANNEL_HANGUP: true,
  CHANNEL_HANGUP_COMPLETE: true,
  CHANNEL_DESTROY: true,
  DTMF: true,
  PLAYBACK_START: true,
  PLAYBACK_STOP: true,
  RECORD_START: true,
  RECORD_STOP: true,
  BACKGROUND_JOB: true,
  HEARTBEAT: true,
  SHUTDOWN: true,
  CUSTOM: true,
  CHANNEL_STATE: false,
  CHANNEL_CALLSTATE: false,
  CHANNEL_UUID: false,
  CHANNEL_APPLICATION: false,
  CALL_UPDATE: false,
  CALL_DETAIL: false,
  MEDIA_BUG_START: false,
  MEDIA_BUG_STOP: false,
  TALK: false,
  NOTALK: false,
  SESSION_HEARTBEAT: false,
  STARTUP: false,
  PRESENCE_IN: false,
  PRESENCE_OUT: false,
  PRESENCE_PROBE: false,
  MESSAGE: false,
  MODULE_LOAD: false,
  MODULE_UNLOAD: false,
  RELOADXML: false,
  NOTIFY: false,
  RE_SCHEDULE: false,
  ADD_SCHEDULE: false,
  DEL_SCHEDULE: false,
  EXE_SCHEDULE: false,
  API: false,
  TRAP: false,
  CODEC: false,
  LOG: false,
  COMMAND: false,
  RECV_INFO: false,
  SEND_INFO: false,
  DETECTED_SPEECH: false,
  DETECTED_TONE: false,
  GENERAL: false,
  FAILURE: false,
  SERVER_DISCONNECTED: false,
};

export const EVENT_NAMES: ReadonlySet<string> = new Set(Object.keys(EVENTS));

/** Replies, to the letter. */
export const REPLY = {
  authRequest: 'Content-Type: auth/request\n\n',
  accepted: '+OK accepted',
  invalid: '-ERR invalid',
  notFound: '-ERR command not found',
  bye: '+OK bye',
  ok: '+OK',
  notControlling: '-ERR not controlling a session',
} as const;

export const GOODBYE = 'Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n';
export const SHUTTING_DOWN = 'The system is being shut down.\n';
/** What FreeSWITCH tells an address outside its access list; here also said to one client too many. */
export const ACCESS_DENIED = 'Access Denied, go away.\n';

/** The adapter gives a switch up that has been silent for three beats. */
export const HEARTBEAT_MS = 500;
