import { otlpProto } from './otlp-proto.ts';

export interface OtlpProtobuf {
  /** The message in the shape that OTLP/JSON gives it, but for ids, which are bytes; throws where it is none. */
  decode(signal: 'traces' | 'metrics', body: Uint8Array): unknown;
  /** The google.rpc.Status that OTLP/HTTP answers an error with. */
  encodeStatus(message: string): Uint8Array;
}

/** Reads and writes OTLP in its binary form. */
export async function loadOtlpProtobuf(): Promise<OtlpProtobuf> {
  // Loaded here, since most tests that import the testkit receive no telemetry.
  const { default: protobuf } = await import('protobufjs');
  const { root } = protobuf.parse(otlpProto);
  const requests = {
    traces: root.lookupType('TracesRequest'),
    metrics: root.lookupType('MetricsRequest'),
  };
  const status = root.lookupType('RpcStatus');
  return {
    decode(signal, body) {
      const request = requests[signal];
      return request.toObject(request.decode(body), { longs: String });
    },
    encodeStatus: (message) => status.encode({ message }).finish(),
  };
}
