import { type Kysely, sql } from 'kysely';

/**
 * One form of a phone number: a landline with the 0 of its area code, a mobile without. Where both forms stand, each stays a proof of its own, for
 * their contacts; whose they are is then one person, as if one message had proved both, unless somebody has said otherwise by hand.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const IDENTITIES_MAX = 100;

const STATEMENTS = [
  `create temporary table other_forms on commit drop as
    select id, value, case
      when value ~ '^(0|86)1[3-9][0-9]{9}$' then right(value, 11)
      when value ~ '^(10|2[0-9]|[3-9][0-9][0-9])[2-9][0-9]{6,7}$' and value !~ '^(.00|950|96)' then '0' || value
    end as form from person_identities where kind = 'phone' and realm = ''`,
  'delete from other_forms where form is null',
  `do $$
  declare
    each record;
    other record;
    older bigint;
    younger bigint;
  begin
    for each in select other_forms.id, form, person, by_hand from other_forms
      join person_identities using (id) order by other_forms.id
    loop
      select id, person, by_hand into other from person_identities where kind = 'phone' and realm = '' and value = each.form;
      if other.id is null then
        update person_identities set value = each.form where id = each.id;
      else
        select person into each.person from person_identities where id = each.id;
        older := least(each.person, other.person);
        younger := greatest(each.person, other.person);
        if older <> younger and not each.by_hand and not other.by_hand
          and (select count(*) from person_identities where person in (older, younger)) <= ${IDENTITIES_MAX} then
          insert into person_changes (kind, from_person, to_person, identities, by_user, reason, at_ms)
            select 'joined', younger, older, jsonb_agg(id order by id), null, '', extract(epoch from now()) * 1000
            from person_identities where person = younger;
          update person_identities set person = older where person = younger;
        end if;
      end if;
    end loop;
  end $$`,
];
