import { agentId } from '../../core/ids.ts';
import type { AgentSetting, PlanStep, QueueSetting, Settings } from '../../core/settings.ts';
import type { AgentPlan, Scenario } from './scenario.ts';

export const LINE = '12345';
const PROMPTS = [
  'GRT-01',
  'MNU-01',
  'MNU-04',
  'MNU-05',
  'ENT-01',
  'QUE-02',
  'QUE-03a',
  'QUE-03b',
  'FUL-01',
  'TONE-FAULT',
  'NUM-1',
  'RAT-01',
  'RAT-02',
  'CBK-01',
  'CBK-02',
  'CBK-03',
  'CBK-04',
  'FUL-02',
];

export const SUB_SITE = 'sub';

/** W2: of every agent. */
export const DESK_SLOTS = { chat: 2, mail: 1 } as const;

/** W16, W17, U6: shorter than many talks. */
const IDLE = { remindMs: 8_000, closeMs: 15_000, answerMs: 4_000 } as const;

/** Comes when the day is over and does whatever is left, so that nothing that waits for an agent waits for ever. */
export const NIGHT_SHIFT: AgentPlan = {
  name: 'zoe',
  skills: ['personal', 'enterprise'],
  fromMs: 0,
  toMs: Infinity,
  phones: 1,
  answersAfterMs: 0,
  declined: 0,
  missed: 0,
};

/** The shipped hotline in small: a menu with every way through it, two queues, recordings. */
export function roughRules({ agents, routing, work }: Pick<Scenario, 'agents' | 'routing' | 'work'>): Settings {
  const settings = routing === 'plain' ? plainRules(agents) : twoSidedRules(agents);
  return work === 'calls' ? settings : withEverything(settings);
}

/** Beside calls: chats and mails, call-backs, missed calls, known callers, modes, alerts. All in times that a short day reaches. */
function withEverything(settings: Settings): Settings {
  const callBack = { afterMs: 20_000, ahead: 3, tries: 2, pauseMs: 10_000, ringMs: 15_000 };
  const queues = Object.values(settings.queues).map(
    (each) => [each.name, { ...each, callBack, messages: 'often' }] as const,
  );
  const digital = { offerMs: 15_000, boundMs: 60_000, waitingMax: 5, reopenMs: 60_000 };
  const { hotline } = settings.flows;
  return {
    ...settings,
    version: `${settings.version}-everything`,
    queues: Object.fromEntries(queues),
    agents: [...settings.agents, seatOf(NIGHT_SHIFT)],
    flows: {
      hotline: {
        ...hotline!,
        known: {
          direct: { step: 'personal', callers: ['elder', 'urgent', 'repeat'] },
          warned: 'greet',
          limited: 'afterOthers',
        },
        steps: {
          ...hotline!.steps,
          afterOthers: { kind: 'queue', queue: 'personal', prompts: [], headStartMs: -60_000 },
        },
      },
    },
    messages: {
      often: [
        { prompts: ['ENT-01'], afterMs: 7_000, everyMs: 17_000, lastsMs: 3_000 },
        { prompts: ['MNU-04'], afterMs: 11_000, lastsMs: 4_000 },
      ],
      flood: [{ prompts: ['MNU-05'], afterMs: 5_000, everyMs: 15_000, lastsMs: 2_000 }],
    },
    slots: {
      each: DESK_SLOTS,
      beside: {},
      media: { chat: { ...digital, wrapUpMs: 5_000, ...IDLE }, mail: { ...digital, boundMs: 600_000, wrapUpMs: 0 } },
    },
    missedCalls: { calendar: 'always', withinMs: 900_000, afterOpeningMs: 900_000, standingMax: 3 },
    dialsOut: true,
    grades: { business: { headStartMs: 20_000 }, expert: { headStartMs: 0 }, emergency: { headStartMs: 600_000 } },
    modes: {
      holiday: { queues: { personal: { wrapUpMs: 5_000 } } },
      emergency: {
        queues: { personal: { waitingMax: 3, boundMs: 30_000, messages: 'flood' }, enterprise: { ringMs: 10_000 } },
      },
    },
    modeRules: [{ mode: 'emergency', waitingOver: 4, forMs: 20_000 }],
    alerts: { waitMs: 45_000, holdMs: 1_000, wrapUpMs: 10_000, missedOffers: 2 },
  };
}

/** Everything that routing has, in times short enough for calls to live through all of it. */
function twoSidedRules(agents: readonly AgentPlan[]): Settings {
  const plain = plainRules(agents);
  const { personal, enterprise } = plain.queues;
  return {
    ...plain,
    version: 'rough-two-sided',
    plans: { citizen: CITIZEN_PLAN, enterprise: ENTERPRISE_PLAN },
    sites: [
      { id: 'main', name: '主平台', kind: 'main' },
      { id: SUB_SITE, name: '分平台', kind: 'subPlatform', capacity: 1 },
    ],
    queues: {
      personal: { ...personal!, plan: 'citizen', boundMs: 60_000 },
      enterprise: { ...enterprise!, plan: 'enterprise', floor: 0.8 },
    },
    agents: plain.agents.map(withProfile),
  };
}

const CITIZEN_PLAN: readonly PlanStep[] = [
  { untilMs: 8_000, needs: { all: [] }, lastAgent: true, skipIf: 'noneAvailable' },
  { untilMs: 20_000, needs: { skill: 'personal', level: 3 }, skipIf: 'noneLoggedIn' },
  {
    untilMs: 40_000,
    needs: {
      any: [
        { skill: 'personal', level: 1 },
        { skill: 'enterprise', level: 4 },
      ],
    },
    skipIf: 60_000,
  },
  { untilMs: null, needs: { all: [] }, headStartMs: 30_000 },
];
const ENTERPRISE_PLAN: readonly PlanStep[] = [
  {
    untilMs: 15_000,
    needs: { skill: 'enterprise', level: 2 },
    sites: ['main'],
    prefer: [{ skill: 'enterprise', weight: 2 }],
  },
  { untilMs: null, needs: { not: { skill: 'enterprise', level: 5 } } },
];

/** Of every kind some: levels, ranks, delays, a home queue, the second site. */
function withProfile(agent: AgentSetting, nth: number): AgentSetting {
  const level = 1 + ((nth * 2) % 4);
  const skills = Object.fromEntries(Object.keys(agent.skills).map((skill) => [skill, level]));
  const profile = [
    { queue: 'personal', rank: 2, delayMs: nth === 2 ? 10_000 : 0 },
    { queue: 'enterprise', rank: 1, delayMs: 0 },
  ];
  return {
    ...agent,
    skills,
    ...(nth % 2 === 1 ? { site: SUB_SITE } : {}),
    ...(nth === 3 ? { home: 'enterprise' } : {}),
    ...(nth % 3 === 2 ? { profile } : {}),
  };
}

function plainRules(agents: readonly AgentPlan[]): Settings {
  return {
    version: 'rough',
    lines: { [LINE]: 'hotline' },
    flows: {
      hotline: {
        start: 'greet',
        steps: {
          // biome-ignore lint/suspicious/noThenProperty: a flow's own word for what comes next.
          greet: { kind: 'say', prompts: ['GRT-01'], then: 'menu' },
          menu: {
            kind: 'ask',
            opening: [],
            prompts: ['MNU-01'],
            choose: { '1': 'personal', '2': 'enterprise', '9': 'goodbye' },
            waitMs: 3_000,
            none: 'noKey',
            wrongPrompts: ['MNU-05'],
            wrongMax: 1,
            wrong: 'personal',
          },
          // biome-ignore lint/suspicious/noThenProperty: as above.
          noKey: { kind: 'say', prompts: ['MNU-04'], then: 'personal' },
          personal: { kind: 'queue', queue: 'personal', prompts: [] },
          enterprise: { kind: 'queue', queue: 'enterprise', prompts: ['ENT-01'] },
          goodbye: { kind: 'end', prompts: ['QUE-02'] },
        },
      },
    },
    queues: { personal: queue('personal'), enterprise: queue('enterprise') },
    agents: agents.map(seatOf),
    prompts: Object.fromEntries(PROMPTS.map((id) => [id, `/prompts/${id}.wav`])),
    recordingFolder: '/recordings',
  };
}

function seatOf({ name, skills }: AgentPlan): AgentSetting {
  return {
    id: agentId(name),
    number: name,
    sipUser: name,
    skills: Object.fromEntries(skills.map((skill) => [skill, 3])),
  };
}

function queue(name: string): QueueSetting {
  return {
    name,
    skill: name,
    ringMs: 20_000,
    wrapUpMs: 30_000,
    positionFirstMs: 15_000,
    positionEveryMs: 30_000,
    waitingMax: 8,
    rating: { prompts: ['RAT-01'], thanks: ['RAT-02'], waitMs: 8_000 },
  };
}
