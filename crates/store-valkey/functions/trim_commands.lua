-- trim_commands: removes the oldest commands of a lane that need not be kept.
--
-- keys: commands
-- args: milliseconds and number of the last one that all shards have dealt with, greatest age in
--       ms, how many at most
-- answers: ok <how many>
redis.register_function('baton_1_trim_commands', function(keys, args)
  local dealt_with = id_text(tonumber(args[1]), tonumber(args[2]) + 1)
  local too_old = id_text(now_millis() - tonumber(args[3]), 0)
  local removed = trim_below(keys[1], later_id(dealt_with, too_old), tonumber(args[4]))
  return { 'ok', text(removed) }
end)
