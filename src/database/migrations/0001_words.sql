-- Functions that say, once, what a national number, a contact's key and an active subscription are.
-- Everybody uses them: constraints, steps, redirects, the desks' own rows, the importer.

create extension if not exists fuzzystrmatch;
create extension if not exists pg_trgm;

-- R9: eleven digits, month 0 to 12 (plus 20 or 40 for BIS numbers), check digits mod 97, before and from 2000.
create function national_number_is_valid(number text) returns boolean
language sql immutable parallel safe as $$
  select number ~ '^[0-9]{11}$'
    and substr(number, 3, 2)::int % 20 <= 12 and substr(number, 3, 2)::int < 53
    and substr(number, 10, 2)::int in (
      97 - (substr(number, 1, 9)::bigint % 97)::int,
      97 - ((2000000000 + substr(number, 1, 9)::bigint) % 97)::int)
$$;

-- What in a free text has the shape of a national number: each group set off by nothing, a dot, a space, or (before the
-- serial number) a dash. Every digit that no digit precedes may begin one, so that '12 84.03.12-022.45' hides none.
create function national_numbers_written_in(words text) returns setof text
language sql immutable parallel safe as $$
  select regexp_replace(found[1], '[^0-9]', '', 'g')
  from (
    select regexp_match(substr(words, start),
      '^([0-9]{2}[. ]?[0-9]{2}[. ]?[0-9]{2}[-. ]?[0-9]{3}[. ]?[0-9]{2})(?![0-9])') as found
    from generate_series(1, length(words)) as start
    where substr(words, start, 1) ~ '[0-9]' and (start = 1 or substr(words, start - 1, 1) !~ '[0-9]')
    order by start
  ) s
  where found is not null and substr(regexp_replace(found[1], '[^0-9]', '', 'g'), 3, 2)::int % 20 <= 12
    and substr(regexp_replace(found[1], '[^0-9]', '', 'g'), 3, 2)::int < 53
$$;

-- The first thing in a free text that has that shape, digits only; null where nothing has. One look: most texts hold none,
-- and where the first one is valid nothing else need be tried.
create function first_national_number_written_in(words text) returns text
language sql immutable parallel safe as $$
  select translate((regexp_match(words,
    '(?<![0-9])([0-9]{2}[. ]?[0-9]{2}[. ]?[0-9]{2}[-. ]?[0-9]{3}[. ]?[0-9]{2})(?![0-9])'))[1], '-. ', '')
$$;

-- R9: the first valid national number in a free text (a legitimation, a reason), or null.
create function national_number_in(words text) returns text
language plpgsql immutable parallel safe as $$
declare
  first text := first_national_number_written_in(words);
begin
  if first is null or national_number_is_valid(first) then
    return first;
  end if;
  return (select n from national_numbers_written_in(words) n where national_number_is_valid(n) limit 1);
end
$$;

-- R9: a free text that holds a national number with wrong check digits and none that is right.
create function holds_invalid_national_number(words text) returns boolean
language plpgsql immutable parallel safe as $$
begin
  if first_national_number_written_in(words) is null then
    return false;
  end if;
  return national_number_in(words) is null and exists (select from national_numbers_written_in(words));
end
$$;

-- R6: what makes two contacts the same. E-mail addresses ignore case; phone and mobile numbers are compared in E.164,
-- whichever of the two they were noted as; what has not 8 to 15 digits is compared as written, spaces aside.
create function contact_key(kind text, value text) returns text
language plpgsql immutable parallel safe as $$
declare
  digits text;
begin
  if kind = 'email' then
    return 'email:' || lower(btrim(value));
  end if;
  digits := regexp_replace(value, '[^0-9+()]', '', 'g');
  -- '+49 (0) 30', '0032 (0)9': the zero in brackets after a country code
  digits := regexp_replace(digits, '^\(?(\+|00)\(?([1-9][0-9]{0,2})\)?\(0\)', '\1\2');
  digits := regexp_replace(digits, '[()]', '', 'g');
  digits := left(digits, 1) || replace(substr(digits, 2), '+', '');
  if digits like '00%' then
    digits := '+' || substr(digits, 3);
  elsif digits like '0%' then
    digits := '+32' || substr(digits, 2);
  end if;
  if digits like '+320%' then
    digits := '+32' || substr(digits, 5);
  end if;
  if length(ltrim(digits, '+')) between 8 and 15 then
    return 'number:' || digits;
  end if;
  return 'written:' || regexp_replace(value, '\s', '', 'g');
end
$$;

-- A subscription is active on a day when it is not stopped on or before it and has not ended before it.
create function is_active(stopped_on date, ends_on date, on_day date) returns boolean
language sql immutable parallel safe as $$
  select (stopped_on is null or stopped_on > on_day) and (ends_on is null or ends_on >= on_day)
$$;

create function is_blank(value text) returns boolean
language sql immutable parallel safe as $$
  select value is null or btrim(value) = ''
$$;

-- A name reduced to what people hear: lower case, letters only, accents off.
create function name_letters(name text) returns text
language sql immutable parallel safe as $$
  select regexp_replace(normalize(lower(name), nfd), '[^a-z]', '', 'g')
$$;

-- Two names that may be the same one: equal letters, one the beginning of the other, a part in common (double names), or
-- a slip of the pen. Names without a Latin letter are compared as written.
create function names_resemble(a text, b text) returns boolean
language plpgsql immutable parallel safe as $$
declare
  x text := name_letters(a);
  y text := name_letters(b);
  part text;
  others text[];
begin
  if x = '' or y = '' then
    return lower(btrim(a)) = lower(btrim(b));
  end if;
  if x = y or starts_with(x, y) or starts_with(y, x) then
    return true;
  end if;
  if a ~ '[\s-]' or b ~ '[\s-]' then
    others := regexp_split_to_array(regexp_replace(normalize(lower(b), nfd), '[^a-z\s-]', '', 'g'), '[\s-]+');
    foreach part in array regexp_split_to_array(regexp_replace(normalize(lower(a), nfd), '[^a-z\s-]', '', 'g'), '[\s-]+') loop
      if length(part) >= 4 and part = any(others) then
        return true;
      end if;
    end loop;
  end if;
  return least(length(x), length(y)) >= 4
    and levenshtein_less_equal(left(x, 200), left(y, 200), 2) <= case when least(length(x), length(y)) >= 8 then 2 else 1 end;
end
$$;
