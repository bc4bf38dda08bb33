-- The body of a block that inserts staged rows range by range, each in a subtransaction.
-- Its variables have a prefix, and columns come first where a name is ambiguous.
-- eventer_bad is the end of a range from eventer_first on that has failed; 0 if there is none.
-- After a rejected row, the next range is as long as the last run of accepted rows.
#variable_conflict use_column
DECLARE
  eventer_first integer := 0;
  eventer_end integer;
  eventer_bad integer := 0;
  eventer_run integer := 0;
  eventer_step integer := $first_step;
  eventer_rejected jsonb[] := '{}';
  eventer_column integer;
  eventer_message text;
  eventer_detail text;
  eventer_hint text;
  eventer_named text;
BEGIN
  SET CONSTRAINTS ALL IMMEDIATE;
  WHILE eventer_first < $count LOOP
    eventer_end := least($count, eventer_first + eventer_step);
    IF eventer_bad > 0 THEN
      eventer_end := greatest(eventer_first + 1, (eventer_first + eventer_bad) / 2);
    END IF;
    BEGIN
      $insertion;
      eventer_first := eventer_end;
      eventer_step := least($count, 2 * eventer_step);
      IF eventer_first >= eventer_bad THEN
        eventer_bad := 0;
      END IF;
    EXCEPTION WHEN OTHERS THEN
      IF NOT $concerns_row THEN
        RAISE;
      END IF;
      eventer_bad := eventer_end;
      IF eventer_end = eventer_first + 1 THEN
        GET STACKED DIAGNOSTICS
          eventer_message = MESSAGE_TEXT, eventer_detail = PG_EXCEPTION_DETAIL,
          eventer_hint = PG_EXCEPTION_HINT, eventer_named = COLUMN_NAME;
        eventer_column := NULL;
        IF SQLSTATE ~ '^(22|23514)' AND eventer_named = ''
            AND pg_catalog.cardinality(eventer_rejected) < $max_explained THEN
          $find_column
        END IF;
        eventer_rejected := pg_catalog.array_append(
          eventer_rejected,
          pg_catalog.jsonb_build_object(
            'row', eventer_first, 'state', SQLSTATE, 'message', eventer_message,
            'detail', eventer_detail, 'hint', eventer_hint, 'column', eventer_column));
        $after_rejection
        eventer_step := greatest(1, eventer_first - eventer_run);
        eventer_first := eventer_end;
        eventer_run := eventer_end;
        eventer_bad := 0;
      END IF;
    END;
  END LOOP;
  PERFORM pg_catalog.set_config(
    'eventer.rejected', pg_catalog.to_jsonb(eventer_rejected)::text, true);
END
