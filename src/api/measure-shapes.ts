import { type TObject, Type } from 'typebox';
import { MEASURE_NAMES, type MeasureName } from '../lib/measures.ts';
import { orNull, PeriodQuery } from './schemas.ts';

/** Shapes of the figures and the alarms about them. Instants are Unix time in ms. */
const Key = (description: string) => Type.String({ minLength: 1, maxLength: 64, description });
const GroupingName = Type.Union([
  Type.Literal('site'),
  Type.Literal('number'),
  Type.Literal('queue'),
  Type.Literal('quarter'),
]);

export const MeasuresQuery = Type.Object(
  {
    ...PeriodQuery.properties,
    by: Type.Optional(GroupingName),
    site: Type.Optional(Key('one of the sites, or one that had calls then')),
    number: Type.Optional(Key('a dialled number')),
    queue: Type.Optional(Key('one of the queues, or one that had calls then')),
  },
  { additionalProperties: false },
);

const MeasureShape = Type.Object({
  numerator: Type.Number(),
  denominator: Type.Number(),
  unit: Type.Union([Type.Literal('percent'), Type.Literal('seconds')]),
  value: orNull('number'),
});

function ofEveryMeasure<Shape extends TObject>(shape: Shape) {
  return Type.Object(Object.fromEntries(MEASURE_NAMES.map((name) => [name, shape])) as Record<MeasureName, Shape>);
}

const Measures = ofEveryMeasure(MeasureShape);

export const MeasuresShape = Type.Object({
  fromMs: Type.Integer(),
  toMs: Type.Integer(),
  measures: Measures,
  groups: Type.Optional(
    Type.Array(
      Type.Object({
        key: Type.Unsafe<string | number | null>({
          type: ['string', 'integer', 'null'],
          description: "site, dialled number, queue, or the quarter's start (Unix ms); null: never in a queue",
        }),
        measures: Measures,
      }),
    ),
  ),
});

export const DefinitionsShape = Type.Object({
  measures: ofEveryMeasure(
    Type.Object({
      zh: Type.String(),
      en: Type.String(),
      numerator: Type.String(),
      denominator: Type.String(),
      excludes: Type.String(),
      unit: Type.String(),
    }),
  ),
});

export const AlarmsQuery = Type.Object(
  {
    ...PeriodQuery.properties,
    open: Type.Optional(Type.Literal('true', { description: 'only those that nobody has acknowledged' })),
  },
  { additionalProperties: false },
);

export const AlarmShape = Type.Object({
  id: Type.Integer(),
  kind: Type.Literal('connectRate'),
  scope: Type.Union([Type.Literal('site'), Type.Literal('number')]),
  key: Type.String({ description: 'the site or the dialled number' }),
  fromMs: Type.Integer(),
  toMs: Type.Integer(),
  raisedAtMs: Type.Integer(),
  numerator: Type.Integer(),
  denominator: Type.Integer(),
  value: orNull('number'),
  limitPercent: Type.Integer(),
  acknowledgedAtMs: orNull('integer'),
  acknowledgedBy: orNull('string'),
  note: orNull('string'),
});

export const AlarmsShape = Type.Object({
  limits: Type.Object({ alarmPercent: Type.Integer(), targetPercent: Type.Integer(), callsMin: Type.Integer() }),
  /** Newest quarter first. */
  alarms: Type.Array(AlarmShape),
  complete: Type.Boolean({ description: 'false: there are more; ask for a shorter period' }),
});

export const AlarmParams = Type.Object({ id: Type.String({ pattern: '^[1-9]\\d{0,14}$' }) });
export const AcknowledgeBody = Type.Object(
  { note: Type.Optional(Type.String({ maxLength: 500 })) },
  { additionalProperties: false },
);
