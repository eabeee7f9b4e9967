import DataLoader from 'dataloader'
import { createBatcher } from '@harbor/batch'
const same = async (items: readonly number[]) => items
const subjects = {
  DataLoader: async (times: number) => {
    const loader = new DataLoader<number, number>(same, { cache: false, maxBatchSize: 100 })
    const all: Promise<number>[] = []
    for (let i = 0; i < times; i++) all.push(loader.load(i))
    await Promise.all(all)
  },
  harbor: async (times: number) => {
    const batcher = createBatcher<number, number>(same, { maxBatchSize: 100, maxConcurrentBatches: 1000 })
    const all: Promise<number>[] = []
    for (let i = 0; i < times; i++) all.push(batcher.add(i))
    await Promise.all(all)
  },
  eager: async (times: number) => {
    const batcher = createBatcher<number, number>(same, { maxBatchSize: 100, maxConcurrentBatches: 1000, eager: true })
    const all: Promise<number>[] = []
    for (let i = 0; i < times; i++) all.push(batcher.add(i))
    await Promise.all(all)
  },
}
const T = Number(process.argv[2] ?? 1000)
for (const s of Object.values(subjects)) await s(100_000)
const seen: Record<string, number[]> = { DataLoader: [], harbor: [], eager: [] }
const wall: Record<string, number[]> = { DataLoader: [], harbor: [], eager: [] }
for (let r = 0; r < 201; r++) for (const [n, s] of Object.entries(subjects)) {
  const c = process.cpuUsage(), w = process.hrtime.bigint()
  for (let k = 0; k < 10000 / T; k++) await s(T)
  const d = process.cpuUsage(c)
  seen[n]!.push((d.user + d.system) / 10)
  wall[n]!.push(Number(process.hrtime.bigint() - w) / 10000)
}
const min = (a: number[], q: number) => a.toSorted((x, y) => x - y)[Math.floor(a.length * q)]!
for (const n of Object.keys(seen)) console.log(n, 'cpu p50', min(seen[n]!, 0.5).toFixed(0), 'wall p50', min(wall[n]!, 0.5).toFixed(0), 'p10', min(wall[n]!, 0.1).toFixed(0), 'min', min(wall[n]!, 0).toFixed(0))
