import { announceChange } from './account-changes.ts';
import type { Db } from './store.ts';

export interface Team {
  readonly team: string;
  readonly title: string;
  readonly members: number;
}

export const TEAM_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$';
const TEAMS_LISTED_MAX = 1_000;

export async function listTeams(db: Db): Promise<Team[]> {
  const rows = await db
    .selectFrom('teams')
    .leftJoin('users', 'users.team', 'teams.name')
    .select(({ fn }) => ['teams.name', 'teams.title', fn.count<number>('users.name').as('members')])
    .groupBy(['teams.name', 'teams.title'])
    .orderBy('teams.name')
    .limit(TEAMS_LISTED_MAX)
    .execute();
  return rows.map(({ name, title, members }) => ({ team: name, title, members: Number(members) }));
}

/** Makes it, or gives it another title. */
export async function putTeam(db: Db, team: string, title: string, nowMs: number): Promise<void> {
  await db
    .insertInto('teams')
    .values({ name: team, title, created_at_ms: nowMs })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ title }))
    .execute();
}

/** Its members are of no team then. @returns false when there is no such team. */
export async function dropTeam(db: Db, team: string): Promise<boolean> {
  return await db.transaction().execute(async (transaction) => {
    await transaction.updateTable('users').set({ team: null }).where('team', '=', team).execute();
    const dropped = await transaction.deleteFrom('teams').where('name', '=', team).executeTakeFirst();
    await announceChange(transaction);
    return dropped.numDeletedRows > 0n;
  });
}

/** User → team, of those who have one. */
export async function loadTeams(db: Db): Promise<Map<string, string>> {
  const rows = await db.selectFrom('users').select(['name', 'team']).where('team', 'is not', null).execute();
  return new Map(rows.map(({ name, team }) => [name, team!]));
}

export async function membersOf(db: Db, team: string): Promise<string[]> {
  const rows = await db.selectFrom('users').select('name').where('team', '=', team).execute();
  return rows.map(({ name }) => name);
}
