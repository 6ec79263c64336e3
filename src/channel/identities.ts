import { type Identity, phoneIdentity } from '../store/identities.ts';
import type { Account } from './account.ts';
import type { Person } from './channel.ts';

/** What proves who this is: the account first. What they say of themselves is not among it. */
export function identitiesOf({ channel, name }: Account, person: Person): Identity[] {
  const { identity: proves = 'account' } = channel.capabilities ?? {};
  const { id, phone, phoneVerified, unionId } = person;
  const found: (Identity | undefined)[] = [];
  if (proves === 'account') found.push({ kind: channel.name, realm: name, value: id });
  if (proves === 'address') found.push({ kind: 'mail', realm: '', value: id.toLowerCase() });
  if (proves === 'number') found.push(phoneIdentity(id));
  if (unionId !== undefined) found.push({ kind: 'union', realm: channel.name, value: unionId });
  if (phoneVerified === true && phone !== undefined) found.push(phoneIdentity(phone));
  return found.filter((identity) => identity !== undefined);
}
