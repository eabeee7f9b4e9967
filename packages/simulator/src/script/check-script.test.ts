import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { checkScript } from './check-script.ts'

const outage = new URL('../../../../examples/outage.json', import.meta.url)

it('accepts the sample outage', () => {
  const { providers } = JSON.parse(readFileSync(outage, 'utf8')) as { providers: Record<string, unknown> }
  for (const [name, script] of Object.entries(providers)) checkScript(script, name)
  expect(Object.keys(providers)).toEqual(['primary', 'backup'])
})

it.each([
  [{ rulse: [] }, "script has an unknown key 'rulse'; the nearest known one is 'rules'"],
  [[], 'script must be an object, got []'],
  [{ rules: {} }, 'script.rules must be an array, got {}'],
  [{ rules: [{}] }, 'script.rules[0].fault is missing'],
  [{ rules: [{ fault: 'hang' }] }, "script.rules[0].fault must be a fault or 'ok', got 'hang'"],
  [{ rules: [{ fault: { type: 'hung' } }] }, "got 'hung'; the nearest known one is 'hang'"],
  [
    { rules: [{ fault: {} }] },
    'script.rules[0].fault.type must be a fault that is possible here, got undefined',
  ],
  [
    { rules: [{ when: { calls: 1 }, fault: 'ok' }] },
    "script.rules[0].when has an unknown key 'calls'; the nearest known one is 'call'",
  ],
  [
    { rules: [{ when: { call: 0 }, fault: 'ok' }] },
    'script.rules[0].when.call must be a whole number of at least 1, got 0',
  ],
  [
    { rules: [{ when: { call: [1, 'x'] }, fault: 'ok' }] },
    'script.rules[0].when.call[1] must be a whole number',
  ],
  [
    { rules: [{ when: { windowMs: { from: 3, to: 2 } }, fault: 'ok' }] },
    'script.rules[0].when.windowMs.to must be at least script.rules[0].when.windowMs.from (3), got 2',
  ],
  [
    { rules: [{ when: { probability: 5 }, fault: 'ok' }] },
    'script.rules[0].when.probability must be a number from 0 to 1, got 5',
  ],
  [
    { rules: [{ when: { operation: 'chats' }, fault: 'ok' }] },
    "got 'chats'; the nearest known one is 'chat'",
  ],
  [{ rules: [{ fault: { type: 'status' } }] }, 'script.rules[0].fault.status is missing'],
  [
    { rules: [{ fault: { type: 'status', status: 99 } }] },
    'script.rules[0].fault.status must be a whole number from 200 to 599, got 99',
  ],
  [
    { rules: [{ fault: { type: 'status', status: 429, retryAfter: true } }] },
    'script.rules[0].fault.retryAfter must be an object, got true',
  ],
  [
    { rules: [{ fault: { type: 'status', status: 429, headers: { 'x-a': 'a\nb' } } }] },
    'script.rules[0].fault.headers.x-a must be a value that fits into a header',
  ],
  [
    { rules: [{ fault: { type: 'stream-cut', afterEvent: 1 } }] },
    "an unknown key 'afterEvent'; the nearest known one is 'afterEvents'",
  ],
  [
    { rules: [{ fault: { type: 'delay', ms: 1, then: { type: 'sequence', faults: [] } } }] },
    'script.rules[0].fault.then.type must be a fault that is possible here',
  ],
  [
    { rules: [{ fault: { type: 'play', events: [], then: { type: 'hang' } } }] },
    'script.rules[0].fault.then.type must be a fault that is possible here',
  ],
  [{ latency: -1 }, 'script.latency must be a number of at least 0, got -1'],
  [{ latency: 'slow' }, "script.latency must be milliseconds, { mean, sigma } or { min, max }, got 'slow'"],
  [{ latency: { mean: 5 } }, 'script.latency.sigma is missing'],
  [{ tokenMs: { min: 5, max: 4 } }, 'script.tokenMs.max must be at least script.tokenMs.min (5), got 4'],
  [{ models: 'gpt-4' }, "script.models must be an array, got 'gpt-4'"],
  [{ reply: 5 }, 'script.reply must be a string or a function, got 5'],
])('rejects %j', (script, message) => {
  expect(() => checkScript(script, 'script')).toThrow(message)
  expect(() => checkScript(script, 'script')).toThrow(TypeError)
})
