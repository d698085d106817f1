import { expect, test } from 'vitest'
import { parseConfig, parseDoorUrl, parseHostPort, type Settings } from '../src/config.ts'
import { fromDisplay } from '../src/wire/hash.ts'

const at = { home: '/home/ada', terminal: false }
const ok = (settings: Settings) => {
  const result = parseConfig(settings, at)
  if (result.kind === 'bad') throw new Error(result.mistakes.join('\n'))
  return result.config
}

test('without settings it is a mainnet relay that listens to its network and shows itself to this machine only', () => {
  const config = ok({})
  expect(config.network.name).toBe('main')
  expect(config).toMatchObject({
    data: '/home/ada/.causeway/main',
    http: { host: '127.0.0.1', port: 8080 },
    p2p: { host: '0.0.0.0', port: 8333 },
    door: true,
    connect: [],
    spv: false,
    filters: true,
    esploraSigops: false,
    trackedAddresses: 100,
    log: 'info',
    logFormat: 'json',
  })
})

test('a terminal gets the log for people unless told otherwise', () => {
  const on = (settings: Settings) => parseConfig(settings, { ...at, terminal: true })
  expect(on({})).toMatchObject({ config: { logFormat: 'pretty' } })
  expect(on({ 'log-format': 'json' })).toMatchObject({ config: { logFormat: 'json' } })
})

test('every setting is taken as text', () => {
  const config = ok({
    network: 'regtest',
    data: '/srv/x',
    http: '[::1]:0',
    p2p: 'off',
    door: 'off',
    connect: ['10.0.0.1:18444', 'wss://relay.example', 'node.example:1'],
    'min-work': '0xff',
    spv: 'true',
    filters: 'off',
    log: 'debug',
    'log-format': 'pretty',
  })
  expect(config.network.minChainWork).toBe(255n)
  expect(config).toMatchObject({
    data: '/srv/x',
    http: { host: '::1', port: 0 },
    p2p: undefined,
    door: false,
    connect: [{ host: '10.0.0.1', port: 18444 }, { url: 'wss://relay.example/p2p' }, { host: 'node.example', port: 1 }],
    spv: true,
    filters: false,
  })
})

test('several peers may stand in one text, as the environment gives them', () => {
  expect(ok({ connect: 'a:1, ws://b:2  c:3' }).connect).toEqual([
    { host: 'a', port: 1 },
    { url: 'ws://b:2/p2p' },
    { host: 'c', port: 3 },
  ])
})

test('a network that is given other minimum work stays as it was for everybody else', () => {
  ok({ network: 'regtest', 'min-work': 'ffff' })
  expect(ok({ network: 'regtest' }).network.minChainWork).not.toBe(0xffffn)
})

test('another block may be assumed valid, or none', () => {
  const hashHex = '00000000000000000000ccebd6d74d9194d8dcdc1d177c478e094bfad51ba5ac'
  expect(ok({}).network.assumeValid).toEqual(fromDisplay(hashHex))
  expect(ok({ network: 'regtest' }).network.assumeValid).toBeUndefined()
  expect(ok({ network: 'regtest', 'assume-valid': hashHex.toUpperCase() }).network.assumeValid).toEqual(
    fromDisplay(hashHex),
  )
  expect(ok({ network: 'signet', 'assume-valid': '0' }).network.assumeValid).toBeUndefined()
  expect(ok({ network: 'signet' }).network.assumeValid).toBeDefined()
})

test.each(['', '00', '1', `0x${'0'.repeat(64)}`, 'ab'.repeat(33), 'off'])('no block is called %j', (text) => {
  expect(parseConfig({ 'assume-valid': text }, at)).toEqual({
    kind: 'bad',
    mistakes: [`assume-valid: "${text}" is neither a block's hash nor 0`],
  })
})

test('all mistakes are reported at once, each by the name of its setting', () => {
  const result = parseConfig(
    {
      network: 'maine',
      http: '8080',
      p2p: 'localhost:99999',
      connect: ['x', 'ok:1', 'y:0', 'https://z'],
      'min-work': 'lots',
      log: 'loud',
      'log-format': 'xml',
      spv: 'perhaps',
      'tracked-addresses': '1001',
      colour: 'red',
    },
    at,
  )
  if (result.kind !== 'bad') throw new Error('was accepted')
  expect(result.mistakes.map((mistake) => mistake.split(':')[0]).sort()).toEqual(
    [
      'colour',
      'connect',
      'connect',
      'connect',
      'http',
      'log',
      'log-format',
      'min-work',
      'network',
      'p2p',
      'spv',
      'tracked-addresses',
    ].sort(),
  )
  expect(result.mistakes.join('\n')).toContain('"maine" is no network; there is main, ')
  expect(result.mistakes).toContain(
    `connect: "https://z" is neither a peer's HOST:PORT nor ws://HOST/p2p nor wss://HOST/p2p`,
  )
})

test.each(['1', '100', '999', '1000'])('%s addresses may be tracked', (text) => {
  expect(ok({ 'tracked-addresses': text }).trackedAddresses).toBe(Number(text))
})

test.each(['0', '-1', '1001', '1e2', '1.5', '', 'all'])('%j addresses may not', (text) => {
  expect(parseConfig({ 'tracked-addresses': text }, at)).toEqual({
    kind: 'bad',
    mistakes: [`tracked-addresses: "${text}" is not a number from 1 to 1000`],
  })
})

test.each([
  ['127.0.0.1:1', '127.0.0.1', 1],
  ['[2001:db8::1]:8333', '2001:db8::1', 8333],
  ['host.example:65535', 'host.example', 65_535],
])('%s is an address', (text, host, port) => {
  expect(parseHostPort(text)).toEqual({ host, port })
})

test.each(['', 'host', ':1', 'host:', 'host:65536', 'a:b:1', '2001:db8::1:8333', 'ho st:1', 'http://x:1', '[::1]'])(
  '"%s" is none',
  (text) => {
    expect(parseHostPort(text)).toBeUndefined()
  },
)

test.each([
  ['ws://127.0.0.1:8080/p2p', 'ws://127.0.0.1:8080/p2p'],
  ['wss://Relay.Example', 'wss://relay.example/p2p'],
  ['wss://relay.example/', 'wss://relay.example/p2p'],
  ['WSS://relay.example:443/p2p', 'wss://relay.example/p2p'],
  ['ws://[::1]:8080', 'ws://[::1]:8080/p2p'],
  ['wss://relay.example/nodes/in', 'wss://relay.example/nodes/in'],
])('%s is a door', (text, url) => {
  expect(parseDoorUrl(text)).toEqual({ url })
})

test.each([
  '',
  'relay.example:443',
  'wss:',
  'wss://',
  'ws:///p2p',
  'http://relay.example/p2p',
  'wss:/relay.example',
  'ws://relay.example:0',
  'ws://relay.example:99999',
  'ws://relay example',
  'wss://user@relay.example',
  'wss://relay.example?key=1',
  'wss://relay.example/#p2p',
])('"%s" is none', (text) => {
  expect(parseDoorUrl(text)).toBeUndefined()
})
