import { addAccount, listAccounts } from '../../store/accounts.ts';
import { makePassword } from '../../store/passwords.ts';
import { ApiError } from '../errors.ts';
import type { Api, ApiOptions } from '../options.ts';
import { UserBody, UserMadeShape, UsersShape } from '../schemas.ts';

export function addUserRoutes(app: Api, { db }: ApiOptions): void {
  app.get('/api/v1/users', { config: { access: ['admin'] }, schema: { response: { 200: UsersShape } } }, async () => ({
    users: (await listAccounts(db)).map((account) => ({ ...account, roles: [...account.roles] })),
  }));

  app.post(
    '/api/v1/users',
    { config: { access: ['admin'] }, schema: { body: UserBody, response: { 201: UserMadeShape } } },
    async (request, reply) => {
      const { user, roles, seat } = request.body;
      const password = request.body.password ?? makePassword();
      const sipPassword = makePassword();
      const account = { user, password, roles, atMs: Date.now() };
      const added = await addAccount(
        db,
        seat ? { ...account, seat: { digest: 'md5', ...seat, sipPassword } } : account,
      );
      if (!added) throw new ApiError('USER_TAKEN');
      return reply.code(201).send({
        user,
        roles,
        ...(request.body.password === undefined ? { password } : {}),
        ...(seat ? { sipPassword } : {}),
      });
    },
  );
}
