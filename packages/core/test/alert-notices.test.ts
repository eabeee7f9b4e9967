import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import { OptionError, pagerDuty, slack, webhook, type AlertNotice } from '../src/index.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { sendJson, serve } from './helpers/http-server.ts'

function notice(state: AlertNotice['state'], text = 'Firing: <down> & out', name = 'down'): AlertNotice {
  const stats = {
    windowMs: 1,
    calls: 3,
    availability: 0.5,
    spentUsd: 0,
    budgets: [],
    openForMs: {},
    targets: {},
  }
  return { name, state, since: Date.UTC(2026, 0, 1), text, stats: stats as unknown as AlertNotice['stats'] }
}

/** The bodies that a server has received. */
async function receiver(answer: (count: number) => number = () => 200) {
  const server = await serve((_, response) => sendJson(response, {}, answer(server.requests.length)))
  return { url: server.baseURL, bodies: () => server.requests.map(({ body }) => JSON.parse(body) as unknown) }
}

describe('webhook', () => {
  it('posts the text and the values of a notice', async () => {
    const { url, bodies } = await receiver()
    await webhook(url)(notice('firing'))
    expect(bodies()).toEqual([
      expect.objectContaining({ text: 'Firing: <down> & out', name: 'down', state: 'firing' }),
    ])
  })

  it('retries, and then fails with an error that does not contain the address', async () => {
    const { url, bodies } = await receiver(() => 500)
    const error = await failureOf(webhook(`${url}/secret`)(notice('firing')))
    expect(bodies()).toHaveLength(3)
    expect(String(error)).toBe('WebhookError: The webhook for the alert down answered 500.')
  })

  it('sends the notices of an alert in order, also while the first one is being retried', async () => {
    const { url, bodies } = await receiver((count) => (count < 3 ? 503 : 200))
    const post = webhook(url)
    await Promise.all([post(notice('firing')), post(notice('resolved'))])
    expect(bodies().map((body) => (body as AlertNotice).state)).toEqual([
      'firing',
      'firing',
      'firing',
      'resolved',
    ])
  })

  it('sends a notice after one that was lost', async () => {
    const { url, bodies } = await receiver((count) => (count <= 3 ? 500 : 200))
    const post = webhook(url)
    const [lost, sent] = await Promise.allSettled([post(notice('firing')), post(notice('resolved'))])
    expect([lost.status, sent.status]).toEqual(['rejected', 'fulfilled'])
    expect(bodies()).toHaveLength(4)
  })

  it('does not hold a notice back for one of another alert', async () => {
    const { url, bodies } = await receiver()
    const post = webhook(url, {
      fetch: (input, init) =>
        (init?.body as string).includes('"slow"') ? new Promise<never>(() => undefined) : fetch(input, init),
      timeoutMs: 300,
    })
    const slow = failureOf(post(notice('firing', 'text', 'slow')))
    await post(notice('firing', 'text', 'fast'))
    expect(bodies()).toHaveLength(1)
    await slow
  })

  it('fails for a redirect, which would lose the notice', async () => {
    const server = createServer((_, response) => response.writeHead(302, { location: '/elsewhere' }).end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const error = await failureOf(webhook(`http://127.0.0.1:${port}`)(notice('firing')))
    server.close()
    expect(String(error)).toContain('answered 302')
  })

  it.each(['nothing', 'ftp://x'])('refuses %s as its URL', (url) => {
    expect(() => webhook(url)).toThrow('The url of a webhook must be an absolute http or https address')
    expect(() => slack(url)).toThrow('must be an absolute http or https address')
    expect(() => pagerDuty('key', { url })).toThrow('must be an absolute http or https address')
  })
})

describe('slack', () => {
  it('posts the text, in which nothing is a link or a mention', async () => {
    const { url, bodies } = await receiver()
    await slack(url)(notice('firing'))
    await slack(url)(notice('resolved', 'Resolved: <!channel>'))
    expect(bodies()).toEqual([
      { text: ':red_circle: Firing: &lt;down&gt; &amp; out' },
      { text: ':large_green_circle: Resolved: &lt;!channel&gt;' },
    ])
  })
})

describe('pagerDuty', () => {
  it('triggers an incident and resolves the same one', async () => {
    const { url, bodies } = await receiver()
    const post = pagerDuty('the-key', { url, source: 'pod-1', severity: 'critical' })
    await post(notice('firing'))
    await post(notice('resolved', 'Resolved: down'))
    expect(bodies()).toEqual([
      {
        routing_key: 'the-key',
        event_action: 'trigger',
        dedup_key: 'harbor/pod-1/down',
        payload: {
          summary: 'Firing: <down> & out',
          source: 'pod-1',
          severity: 'critical',
          timestamp: '2026-01-01T00:00:00.000Z',
          custom_details: {
            windowMs: 1,
            calls: 3,
            availability: 0.5,
            spentUsd: 0,
            budgets: [],
            openForMs: {},
          },
        },
      },
      expect.objectContaining({ event_action: 'resolve', dedup_key: 'harbor/pod-1/down' }),
    ])
  })

  it('shortens what is too long for the Events API, and keeps both events on one incident', async () => {
    const { url, bodies } = await receiver()
    const post = pagerDuty('key', { url, source: 's'.repeat(300) })
    await post(notice('firing', '🚢'.repeat(2_000)))
    await post(notice('resolved'))
    const [first, second] = bodies() as { dedup_key: string; payload: { summary: string } }[]
    expect(first?.dedup_key).toHaveLength(255)
    expect(second?.dedup_key).toBe(first?.dedup_key)
    expect(first?.payload.summary).toBe('🚢'.repeat(512))
  })

  it('has an incident for each subject of an alert, also if their names are long', async () => {
    const { url, bodies } = await receiver()
    const post = pagerDuty('key', { url, source: 'pod-1' })
    const long = 'l'.repeat(300)
    for (const state of ['firing', 'resolved'] as const)
      for (const subject of ['a/m', `${long}1`, `${long}2`]) await post({ ...notice(state), subject })
    const keys = (bodies() as { dedup_key: string }[]).map((body) => body.dedup_key)
    expect(keys.slice(0, 3)).toEqual(keys.slice(3))
    expect(keys[0]).toBe('harbor/pod-1/down/a/m')
    expect(new Set(keys).size).toBe(3)
    for (const key of keys) expect(key.length).toBeLessThanOrEqual(255)
  })

  it('does not name its key in an error', async () => {
    const { url } = await receiver(() => 400)
    const error = await failureOf(pagerDuty('the-key', { url })(notice('firing')))
    expect(String(error)).toBe('WebhookError: The PagerDuty API for the alert down answered 400.')
    expect(() => pagerDuty('')).toThrow(OptionError)
  })
})
