import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { runServer } from 'verdaccio'

export interface Registry extends AsyncDisposable {
  readonly url: string
  /** Every version that was published here, oldest first. */
  versions(packageName: string): Promise<string[]>
}

/**
 * A real npm registry of our own on a free loopback port, all of it inside `folder`. Our packages come from it alone;
 * anything else it fetches from `uplink`.
 */
export async function startRegistry(folder: string, uplink: string): Promise<Registry> {
  const server = (await runServer({
    self_path: join(folder, 'config.yaml'),
    storage: join(folder, 'storage'),
    web: { enable: false },
    auth: { htpasswd: { file: join(folder, 'htpasswd') } },
    uplinks: { npm: { url: uplink, maxage: '60m', timeout: '60s' } },
    packages: {
      '@harbor/*': { access: '$all', publish: '$all' },
      '**': { access: '$all', proxy: 'npm' },
    },
    max_body_size: '20mb',
    log: { type: 'stdout', level: 'fatal' },
  })) as Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return {
    url,
    async versions(packageName) {
      const response = await fetch(url + packageName.replace('/', '%2f'))
      if (response.status === 404) return []
      if (!response.ok) throw new Error(`${url} answered ${response.status} for ${packageName}`)
      const { versions } = (await response.json()) as { versions: Record<string, unknown> }
      return Object.keys(versions)
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
