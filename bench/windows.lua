-- For wrk: asks for events by type in windows of ten minutes and more, no window twice, so that no answer was
-- given before.
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

-- Another run asks for other milliseconds.
local fraction = string.format(".%03dZ", os.time() % 1000)
local function instant(second)
  return os.date("!%Y-%m-%dT%H:%M:%S", 1451610000 + second) .. fraction
end

local asked = 0
function request()
  local from = asked % 3600
  local to = from + 600 + 2 * math.floor(asked / 3600) + number
  asked = asked + 1
  return wrk.format("GET", wrk.path .. "?from=" .. instant(from) .. "&to=" .. instant(to))
end
