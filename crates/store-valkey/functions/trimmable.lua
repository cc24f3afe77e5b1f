-- trimmable: what the next trim would remove. Writes nothing.
--
-- keys: events
-- args: as of trim
-- answers: ok <removed> <of them unread>

-- How many entries are below an id, as far as they are among the oldest `most`.
local function count_below(stream, cut, most)
  if most <= 0 or cut == '0-0' then -- below which there is no id
    return 0
  end
  return #redis.call('XRANGE', stream, '-', '(' .. cut, 'COUNT', most)
end

redis.register_function({
  function_name = 'baton_1_trimmable',
  flags = { 'no-writes' },
  callback = function(keys, args)
    local stream, most = keys[1], tonumber(args[6])
    local oldest = first_id(stream)
    if not oldest then
      return { 'ok', '0', '0' }
    end
    local old, safe, read, over = limits(stream, oldest, args)
    local removed = count_below(stream, earlier_id(old, read), most)
    local spare = math.max(count_below(stream, earlier_id(safe, read), over), removed)
    local all = math.max(count_below(stream, safe, over), spare)
    return { 'ok', text(all), text(all - spare) }
  end,
})
