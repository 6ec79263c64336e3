/** What a seat does at its desk, over the HTTP API: sign in, ready, offline. */
export interface Desk {
  /** @throws Error with the API's answer. */
  setState(state: 'ready' | 'notReady' | 'offline'): Promise<void>;
  /** The agent state as `GET /api/v1/agents` tells it. */
  state(): Promise<string | undefined>;
}

const ANSWER_WITHIN_MS = 10_000;

/** @throws Error in words for the terminal. */
export async function signIn(api: string, account: { user: string; password: string; sipUser: string }): Promise<Desk> {
  const { user, password, sipUser } = account;
  const ask = async (method: string, path: string, cookie: string, body?: unknown): Promise<Response> => {
    const response = await fetch(`${api}${path}`, {
      method,
      headers: { cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    if (response.ok) return response;
    throw new Error(`${method} ${path}: ${response.status} ${(await response.text()).slice(0, 300)}`);
  };
  const login = await ask('POST', '/api/v1/login', '', { user, password });
  const cookie = login.headers
    .getSetCookie()
    .map((value) => value.split(';')[0])
    .join('; ');
  return {
    async setState(state) {
      await ask('PUT', '/api/v1/agents/me/state', cookie, { state });
    },
    async state() {
      const response = await ask('GET', '/api/v1/agents', cookie);
      const { agents } = (await response.json()) as { agents: readonly { sipUser: string; state: string }[] };
      return agents.find((agent) => agent.sipUser === sipUser)?.state;
    },
  };
}
