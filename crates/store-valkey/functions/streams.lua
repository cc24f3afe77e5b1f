-- What the functions share about streams: ids, and a trim that is exact although it is bounded.

-- Ids of a stream as text. The second half only grows within a millisecond.
local function id_text(millis, number)
  return text(math.max(millis, 0)) .. '-' .. text(number)
end

local function id_numbers(id)
  local millis, number = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(millis), tonumber(number)
end

local function later_id(one, other)
  local one_millis, one_number = id_numbers(one)
  local other_millis, other_number = id_numbers(other)
  local is_later = one_millis > other_millis
    or (one_millis == other_millis and one_number > other_number)
  return is_later and one or other
end

-- Removes the oldest elements of a stream with ids below `cut`, at most `most`, and answers how
-- many. A rough trim takes whole blocks and shows nothing of them to Lua; what is left of the last
-- block is counted and then removed exactly.
local function trim_below(stream, cut, most)
  if most <= 0 or cut == '0-0' then -- below which there is no id
    return 0
  end
  local removed = redis.call('XTRIM', stream, 'MINID', '~', cut, 'LIMIT', most)
  if removed < most then
    local rest = #redis.call('XRANGE', stream, '-', '(' .. cut, 'COUNT', most - removed)
    if rest > 0 then
      redis.call('XTRIM', stream, 'MAXLEN', redis.call('XLEN', stream) - rest)
    end
    removed = removed + rest
  end
  return removed
end

local function earlier_id(one, other)
  return later_id(one, other) == one and other or one
end
