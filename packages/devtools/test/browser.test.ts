import type { CapturedCall } from '@harbor/core'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browserPath, startBrowser } from '../scripts/browser.ts'
import { PLANTED_KEY, PLANTED_PROMPT, question, useClients } from './page.ts'
import { openTab, type Tab } from './tab.ts'

// Where everything has to run, a missing browser fails the tests.
const isSkipped = browserPath === undefined && !process.env['CI']
if (isSkipped)
  console.warn(
    'There is no Chromium on this machine, so the tests of the page in a browser are skipped. Install it (apt-get install -y chromium) to run them.',
  )

/**
 * Draws copies of all rows, which takes any page on this machine as long, and then filters the receipts by each model and by nothing. Returns the
 * longest task of the browser during each, in milliseconds; 0 if all took less than 50.
 */
const LONGEST_TASKS = `(async () => {
  const turn = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
  const longest = async (steps) => {
    let ms = 0
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) ms = Math.max(ms, Math.round(duration))
    })
    observer.observe({ entryTypes: ['longtask'] })
    for (const step of steps) {
      await turn()
      step()
      await turn()
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
    observer.disconnect()
    return ms
  }
  const rows = [...document.querySelectorAll('[data-receipt]')]
  const list = rows[0].closest('.grid').parentElement.appendChild(document.createElement('div'))
  list.className = 'grid'
  const copies = rows.map((row) => row.cloneNode(true))
  for (const copy of copies) copy.removeAttribute('data-receipt')
  const draw = () => list.replaceChildren(...copies)
  const floor = await longest([draw, () => list.replaceChildren(), draw, () => list.replaceChildren(), draw])
  list.remove()
  const select = document.querySelector('[data-filter=target]')
  const choose = (value) => () => {
    select.value = value
    select.dispatchEvent(new Event('change'))
  }
  const values = [...select.options].map(({ value }) => value)
  return [floor, await longest([...values, ''].map(choose))]
})()`

describe.skipIf(isSkipped)('the page in a browser', () => {
  const { providers, client, open } = useClients()
  let browser: Browser

  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser.close())

  const openPage = async (...clients: ReturnType<typeof client>[]): Promise<Tab> =>
    openTab(browser, (await open(clients)).url)

  it('shows a call that is made now, at once, and no call from before it was opened', async () => {
    const harbor = client()
    await harbor.chat.completions.create(question())
    const { rows, problems } = await openPage(harbor)
    await harbor.chat.completions.create(question())
    await rows(1)
    await harbor.chat.completions.create(question())
    await rows(2)
    expect(problems).toEqual([])
  })

  it('shows a call while it is in flight, and leaves it unfolded when it ends', async () => {
    const harbor = client()
    const { page, attributes } = await openPage(harbor)
    providers.primary.fail({ type: 'hang' })
    const controller = new AbortController()
    const call = harbor.chat.completions
      .create(question(), { signal: controller.signal })
      .catch(() => 'aborted')
    await page.locator('.outcome', { hasText: 'in flight' }).waitFor()
    await page.locator('[data-receipt]').click()
    controller.abort()
    expect(await call).toBe('aborted')
    await page.locator('.outcome', { hasText: 'aborted' }).waitFor()
    expect(await attributes('aria-expanded')).toEqual(['true'])
  })

  it('connects to nothing but its own server, and has neither key nor prompt', async () => {
    const harbor = client()
    const { page, requests, value } = await openPage(harbor)
    providers.primary.fail({ type: 'status', status: 500, message: `${PLANTED_PROMPT} ${PLANTED_KEY}` })
    await harbor.chat.completions.create(question())
    await page.locator('[data-receipt]').click()
    await page.getByText('Answered by').waitFor()
    const html = await page.content()
    expect(html).toContain('500')
    expect(html).not.toContain(PLANTED_PROMPT)
    expect(html).not.toContain(PLANTED_KEY)
    const { origin } = new URL(page.url())
    expect(requests.filter((url) => !url.startsWith(origin) && !url.startsWith('data:'))).toEqual([])
    // What a script could still try is refused by the browser.
    expect(await value(`fetch('${providers.backup.url}').then(() => 'sent', () => 'refused')`)).toBe(
      'refused',
    )
    expect(providers.backup.requests()).toEqual([])
  })

  it('can be used by keys alone', async () => {
    const harbor = client()
    const { page, rows, attributes, value } = await openPage(harbor)
    for (const model of ['gpt-5', 'gpt-5-mini', 'gpt-5'])
      await harbor.chat.completions.create(question(PLANTED_PROMPT, model))
    await rows(3)
    for (let presses = 0; presses < 20; presses++) {
      await page.keyboard.press('Tab')
      if (await value(`document.activeElement.hasAttribute('data-receipt')`)) break
    }
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    expect(await attributes('aria-expanded')).toEqual(['false', 'true', 'false'])
    await page.keyboard.press('c')
    await page.getByText('The receipt is copied').waitFor()
    expect(JSON.parse(String(await value('navigator.clipboard.readText()')))).toMatchObject({
      id: (await attributes('data-receipt'))[1],
      model: 'gpt-5-mini',
      outcome: 'success',
    })
    await page.keyboard.press('ArrowLeft')
    expect(await attributes('aria-expanded')).toEqual(['false', 'false', 'false'])
    await page.keyboard.press('/')
    await page.keyboard.type('mini')
    await rows(1)
    await page.keyboard.press('Escape')
    await rows(3)
    await page.keyboard.press('End')
    await page.keyboard.press(' ')
    expect(await attributes('aria-expanded')).toEqual(['false', 'false', 'true'])
  })

  it('filters 1,000 receipts without drawing a row again', async () => {
    const harbor = client({ cache: { when: 'always' } })
    const { rows, value } = await openPage(harbor)
    const models = ['gpt-5', 'gpt-5-mini', 'gpt-5-nano', 'gpt-4.1']
    for (let index = 0; index < 1_004; index++)
      await harbor.chat.completions.create(question('hello', models[index % models.length]))
    await rows(1_000)
    // Counts the rows that are shown, those among them that are other elements than before, and the changes inside of rows.
    const filtered = await value(`(() => {
      const list = () => [...document.querySelectorAll('[data-receipt]')]
      const before = new Set(list())
      const select = document.querySelector('[data-filter=target]')
      const observer = new MutationObserver(() => undefined)
      for (const row of before) observer.observe(row, { subtree: true, childList: true, attributes: true, characterData: true })
      select.value = 'openai/gpt-5-mini'
      select.dispatchEvent(new Event('change'))
      return { shown: list().length, made: list().filter((row) => !before.has(row)).length, changes: observer.takeRecords().length }
    })()`)
    // One row gets the place in the order of the Tab key.
    expect(filtered).toEqual({ shown: 250, made: 0, changes: 2 })
  })

  it('filters 1,000 receipts without a long pause', async () => {
    const harbor = client({ cache: { when: 'always' } })
    const { rows, value } = await openPage(harbor)
    const models = ['gpt-5', 'gpt-5-mini', 'gpt-5-nano', 'gpt-4.1']
    for (let index = 0; index < 1_000; index++)
      await harbor.chat.completions.create(question('hello', models[index % models.length]))
    await rows(1_000)
    const [floorMs, longestMs] = (await value(LONGEST_TASKS)) as [number, number]
    console.info(`drawing copies of the rows: ${floorMs} ms; filtering: ${longestMs} ms (0: less than 50 ms)`)
    // The filter draws no row again, so it takes no longer than the machine needs to draw them all.
    expect(longestMs).toBeLessThanOrEqual(Math.max(100, floorMs))
  })

  it('filters by client, if it shows several', async () => {
    const [one, other] = [client(), client({ baseURL: providers.backup.baseURL })]
    const { page, rows, value } = await openPage(one, other)
    for (const harbor of [one, one, other]) await harbor.chat.completions.create(question())
    await rows(3)
    const names = await value(
      `[...document.querySelector('[data-filter=client]').options].map((option) => option.value)`,
    )
    expect(names).toEqual(['', expect.stringMatching(/^1 127/), expect.stringMatching(/^2 127/)])
    const [, first, second] = names as string[]
    await page.locator('[data-filter=client]').selectOption(second ?? '')
    await rows(1)
    await page.locator('[data-filter=client]').selectOption(first ?? '')
    await rows(2)
    // Calls that are made later are filtered, too.
    await other.chat.completions.create(question())
    await one.chat.completions.create(question())
    await rows(3)
  })

  it('has no filter by client, if it shows one', async () => {
    const { page } = await openPage(client())
    expect(await page.locator('[data-filter=target]').isVisible()).toBe(true)
    expect(await page.locator('[data-filter=client]').isVisible()).toBe(false)
  })

  it('has the colours of both schemes', async () => {
    const { page, value } = await openPage(client())
    const lightness = async (colorScheme: 'light' | 'dark'): Promise<unknown> => {
      await page.emulateMedia({ colorScheme })
      const red = (property: string): string =>
        `Number(/\\d+/.exec(getComputedStyle(document.body).${property})[0])`
      return value(`${red('backgroundColor')} > ${red('color')}`)
    }
    expect(await lightness('light')).toBe(true)
    expect(await lightness('dark')).toBe(false)
  })

  it('shows the content of a call if its client captures it, as redact left it', async () => {
    const redact = (call: CapturedCall): CapturedCall => ({ ...call, answer: 'removed' })
    const harbor = client({ captureContent: { to: () => undefined, redact } })
    const { page } = await openPage(harbor)
    await harbor.chat.completions.create(question())
    await page.locator('[data-receipt]').click()
    await page.locator('[data-content] pre').first().waitFor()
    expect(await page.locator('[data-content] pre').allInnerTexts()).toEqual([
      JSON.stringify(question(), null, 2),
      'removed',
    ])
  })

  it('shows spend limits and rate limits as gauges', async () => {
    const harbor = client({
      spendLimit: { usd: 2, per: 'day' },
      limits: { requestsPerMinute: 60, safety: 1 },
    })
    const { page, value } = await openPage(harbor)
    await harbor.chat.completions.create(question())
    await page.getByText('1 of 60 a minute').waitFor()
    const values = await value(
      `[...document.querySelectorAll('[role=meter]')].map((meter) => meter.ariaLabel)`,
    )
    expect(values).toEqual(['money, a day', expect.stringMatching(/requests$/)])
  })

  it('explains a request that is typed in', async () => {
    const { page } = await openPage(client({ fallback: { 'gpt-5': ['backup/gpt-5'] } }))
    await page.keyboard.press('e')
    await page.keyboard.press('Control+Enter')
    await page.getByText('takes over if those before fail').waitFor()
    expect(await page.locator('[data-explain=result] ol').innerText()).toMatch(
      /openai\/gpt-5[\s\S]*backup\/gpt-5/,
    )
  })

  it('says that the process has closed it, and shows what it has', async () => {
    const harbor = client()
    const opened = await open(harbor)
    const { page, rows } = await openTab(browser, opened.url)
    await harbor.chat.completions.create(question())
    await rows(1)
    await opened.close()
    await page.getByText('closed by the process').waitFor()
    await rows(1)
  })
})
