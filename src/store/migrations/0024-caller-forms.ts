import { type Kysely, sql } from 'kysely';

/**
 * What is known of a number stands under one form of it, as of persons: a landline with the 0 of its area code, a mobile in eleven digits, without
 * the country's code. Where several forms stood, the one that stays has all that was known, and the harder stage.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `create temporary table caller_forms on commit drop as
    select number, case
      when national ~ '^0?1[3-9][0-9]{9}$' then right(national, 11)
      when national ~ '^0?(10|2[0-9]|[3-9][0-9][0-9])[2-9][0-9]{6,7}$' and national !~ '^0?(.00|950|96)'
        then '0' || regexp_replace(national, '^0', '')
      else national
    end as form from (
      select number, regexp_replace(number, '^(\\+86|0086|86(?=1[3-9][0-9]{9}$))', '') as national
      from (select number from callers union select number from caller_orders) known
      where number ~ '^\\+?[0-9]{7,20}$'
    ) numbers`,
  'delete from caller_forms where form = number or length(form) < 7',
  `do $$
  declare
    each record;
  begin
    for each in select callers.*, form from callers join caller_forms using (number) order by id loop
      if exists (select from callers where number = each.form) then
        update callers set elder = elder or each.elder, grade = coalesce(grade, each.grade) where number = each.form;
        update callers set stage = each.stage, stage_until_ms = each.stage_until_ms, stage_reason = each.stage_reason
          where number = each.form and each.stage is not null and (stage is null or (stage, each.stage) = ('warned', 'limited'));
        update callers set proposed_by = each.proposed_by, proposed_at_ms = each.proposed_at_ms
          where number = each.form and proposed_by is null;
        delete from callers where id = each.id;
      else
        update callers set number = each.form where id = each.id;
      end if;
    end loop;
  end $$`,
  `insert into caller_orders (number, order_no, urgency)
    select distinct on (form, order_no) form, order_no, urgency from caller_orders join caller_forms using (number)
    order by form, order_no, array_position(array['emergency', 'urgent', 'normal'], urgency)
    on conflict do nothing`,
  'delete from caller_orders using caller_forms where caller_orders.number = caller_forms.number',
];
