import type { Usage } from './cost-model.ts'

/** What `/metrics` said, by name and labels as they stand there. */
export type Scrape = ReadonlyMap<string, number>

export async function scrape(http: string): Promise<Scrape> {
  const response = await fetch(`${http}/metrics`)
  if (!response.ok) throw new Error(`/metrics answers ${response.status}`)
  return parseScrape(await response.text())
}

export function parseScrape(text: string): Scrape {
  const values = new Map<string, number>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const space = line.lastIndexOf(' ')
    values.set(line.slice(0, space), Number(line.slice(space + 1)))
  }
  return values
}

/** Throws where there is none: an object that did not answer, say. */
export function valueIn(scrape: Scrape, metric: string): number {
  const value = scrape.get(metric)
  if (value === undefined) throw new Error(`/metrics has no ${metric}`)
  return value
}

/** What the object did between two looks, the second of which it does not count. Throws where it started over. */
export function usageBetween(before: Scrape, after: Scrape, object: 'hub' | 'ledger'): Usage {
  const labels = `{object="${object}"}`
  const start = `causeway_count_start_seconds${labels}`
  if (valueIn(before, start) !== valueIn(after, start)) throw new Error(`the ${object} has lost its memory meanwhile`)
  const grown = (metric: string) => valueIn(after, metric) - valueIn(before, metric)
  return {
    requests: grown(`causeway_requests_total${labels}`) - 1,
    messagesIn: object === 'hub' ? grown(`causeway_websocket_messages_total{object="hub",direction="in"}`) : 0,
    alarms: grown(`causeway_alarms_fired_total${labels}`),
    rowsRead: grown(`causeway_sql_rows_read_total${labels}`),
    rowsWritten: grown(`causeway_sql_rows_written_total${labels}`),
    awakeSeconds: grown(`causeway_awake_seconds_total${labels}`),
  }
}
