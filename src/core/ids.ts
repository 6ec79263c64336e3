/** Names that cross folders. Branded, so that a leg is never passed where a contact is meant; on the wire they are plain strings. */

type Brand<Name extends string> = string & { readonly __brand: Name };

/** One media connection: a caller's call, an agent's ringing phone. Equals the switch's own id (FreeSWITCH: Unique-ID). */
export type LegId = Brand<'LegId'>;
/** One citizen's matter in one medium: here, one call from arrival to its last record. */
export type ContactId = Brand<'ContactId'>;
/** A person who serves contacts; equals the account's user name. */
export type AgentId = Brand<'AgentId'>;
/** One switch: `host:port` of its event socket. */
export type NodeId = Brand<'NodeId'>;
/** `seq.index` of the journal entry that decided it: the same command has the same key however often it is released. */
export type CommandKey = Brand<'CommandKey'>;

/** Fencing token of an offer: rises with every offer of a journal, never reused. */
export type OfferToken = number;

export const legId = (text: string): LegId => text as LegId;
export const contactId = (text: string): ContactId => text as ContactId;
export const agentId = (text: string): AgentId => text as AgentId;
export const nodeId = (text: string): NodeId => text as NodeId;

/** A digital contact is on no switch. */
export const NO_LEG = legId('');
export const NO_NODE = nodeId('');
