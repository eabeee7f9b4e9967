import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { FleetReport, FleetWork } from './fixtures/fleet-work.ts'

/** A process of a fleet, and its latest report. */
export class FleetProcess {
  readonly child: ChildProcess
  readonly ended: Promise<void>
  report: FleetReport = { done: 0, attempts: 0, failures: [], degraded: [], p99Ms: 0, fleet: undefined }

  private constructor(child: ChildProcess, ended: Promise<void>) {
    this.child = child
    this.ended = ended
  }

  /** Starts a process that waits for `go()`. */
  static async start(work: FleetWork): Promise<FleetProcess> {
    const fixture = join(import.meta.dirname, '../.programs/fixtures/fleet-process.js')
    const args = [fixture, JSON.stringify(work)]
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const lines = createInterface({ input: child.stdout })
    const started = new FleetProcess(child, new Promise((resolve) => lines.once('close', () => resolve())))
    await new Promise<void>((resolve) => lines.once('line', () => resolve()))
    lines.on('line', (line) => (started.report = JSON.parse(line) as FleetReport))
    return started
  }

  go(): void {
    this.child.stdin?.write('go\n')
  }

  /** Waits until it has made this number of calls. */
  async hasMade(calls: number): Promise<void> {
    await expect.poll(() => this.report.done, { interval: 20 }).toBeGreaterThanOrEqual(calls)
  }
}
