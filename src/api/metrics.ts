import type { Sample } from '../host/metrics.ts'

/** What a monitoring program may read. */
export interface MetricsSource {
  metrics(): Promise<Sample[]>
}

/** Prometheus text format 0.0.4. */
const TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Always of this moment: each answer asks every actor. */
export async function metricsResponse(source: MetricsSource): Promise<Response> {
  return new Response(prometheusText(await source.metrics()), {
    headers: { 'Content-Type': TYPE, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' },
  })
}

/** All samples of a name stand together, below its help and type, in the order in which names first come. */
export function prometheusText(samples: readonly Sample[]): string {
  let text = ''
  for (const [name, family] of Map.groupBy(samples, (sample) => sample.name)) {
    const { help, type } = family[0]!
    text += `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n`
    for (const { labels, value } of family) text += `${name}${labelText(labels)} ${numberText(value)}\n`
  }
  return text
}

function labelText(labels: Sample['labels']): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`)
  return pairs.length > 0 ? `{${pairs.join(',')}}` : ''
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function numberText(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value)
  return value > 0 ? '+Inf' : '-Inf'
}
