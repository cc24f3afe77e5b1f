-- redeliver: gives a delivery that a group has given up on back to the group, and drops its dead
-- letter, both or neither. The entry is pending again, as one that nobody has been at for a day:
-- whoever takes over what the dead have left finds it.
--
-- keys: events, dead letters
-- args: group, id of the dead letter, under whose name it is pending until somebody takes it over,
--       for how many ms it passes for untouched
-- answers: ok | letter | unnamed | entry <id> | group
--          (there is no such letter; it names no entry; its entry is gone; there is no such group)

local function named_entry(letter)
  for at = 1, #letter[2], 2 do
    if letter[2][at] == 'id' and string.find(letter[2][at + 1], '^%d+%-%d+$') then
      return letter[2][at + 1]
    end
  end
end

redis.register_function('baton_1_redeliver', function(keys, args)
  local events, letters = keys[1], keys[2]
  local group, id, holder, idle = unpack(args)
  local letter = redis.call('XRANGE', letters, id, id)[1]
  if not letter then
    return { 'letter' }
  end
  local entry = named_entry(letter)
  if not entry then
    return { 'unnamed' }
  end
  if #redis.call('XRANGE', events, entry, entry) == 0 then
    return { 'entry', entry }
  end
  local claimed = redis.pcall('XCLAIM', events, group, holder, 0, entry, 'IDLE', idle, 'RETRYCOUNT',
    0, 'FORCE', 'JUSTID')
  if claimed.err then
    if string.find(claimed.err, 'NOGROUP', 1, true) then
      return { 'group' }
    end
    error(claimed)
  end
  redis.call('XDEL', letters, id)
  return { 'ok' }
end)
