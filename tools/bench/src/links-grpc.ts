// The same over gRPC (@grpc/grpc-js), mutual TLS, messages as bare bytes: as unary calls, which is how it is mostly used, and as one stream both
// ways, which is the fastest it offers.
import {
  Client,
  credentials,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { closedLoop, type LinkWay, largeBytes, largeWindow, smallBytes } from './links-way.ts';

const same = (bytes: Buffer): Buffer => bytes;
const method = (path: string, stream: boolean): MethodDefinition<Buffer, Buffer> => ({
  path,
  requestStream: stream,
  responseStream: stream,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
});
const one = method('/bench.Links/One', false);
const many = method('/bench.Links/Many', true);
const small = Buffer.alloc(smallBytes, 1);
const large = Buffer.alloc(largeBytes, 1);
const messageMax = { 'grpc.max_receive_message_length': 2 * largeBytes };

async function serve({ certificate, privateKey }: Parameters<LinkWay['serve']>[0]): Promise<{ port: number }> {
  const server = new Server(messageMax);
  server.addService(
    { one, many },
    {
      one: (_call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => answer(null, small),
      many: (stream: ServerDuplexStream<Buffer, Buffer>) => {
        stream.on('data', () => stream.write(small));
        stream.on('end', () => stream.end());
        stream.on('error', () => {});
      },
    },
  );
  const keys = [{ private_key: Buffer.from(privateKey), cert_chain: Buffer.from(certificate) }];
  const secure = ServerCredentials.createSsl(Buffer.from(certificate), keys, true);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', secure, (failure, bound) => (failure === null ? resolve(bound) : reject(failure))),
  );
  return { port };
}

function connect(port: number, { certificate, privateKey }: Parameters<LinkWay['call']>[1]): Client {
  const pem = Buffer.from(certificate);
  const secure = credentials.createSsl(pem, Buffer.from(privateKey), pem, { checkServerIdentity: () => undefined });
  // A name, because node:tls takes no address for one.
  return new Client(`127.0.0.1:${port}`, secure, { ...messageMax, 'grpc.ssl_target_name_override': 'localhost' });
}

export const grpcUnaryWay: LinkWay = {
  name: 'gRPC calls',
  serve,
  async call(port, identity) {
    const client = connect(port, identity);
    const sender = (bytes: Buffer) => (answered: () => void) =>
      void client.makeUnaryRequest(one.path, same, same, bytes, (failure) => {
        if (failure !== null) throw failure;
        answered();
      });
    return {
      roundTrips: (outstanding, seconds) => closedLoop(outstanding, seconds, sender(small)),
      bytes: async (seconds) => (await closedLoop(largeWindow, seconds, sender(large))) * largeBytes,
      close: async () => client.close(),
    };
  },
};

export const grpcStreamWay: LinkWay = {
  name: 'gRPC stream',
  serve,
  async call(port, identity) {
    const client = connect(port, identity);
    const stream = client.makeBidiStreamRequest(many.path, same, same);
    const waiting: (() => void)[] = [];
    let isClosed = false;
    stream.on('data', () => waiting.shift()!());
    stream.on('error', (failure) => {
      if (!isClosed) throw failure;
    });
    const sender = (bytes: Buffer) => (answered: () => void) => {
      waiting.push(answered);
      stream.write(bytes);
    };
    return {
      roundTrips: (outstanding, seconds) => closedLoop(outstanding, seconds, sender(small)),
      bytes: async (seconds) => (await closedLoop(largeWindow, seconds, sender(large))) * largeBytes,
      close: async () => {
        isClosed = true;
        stream.end();
        client.close();
      },
    };
  },
};
