/** An answer of S3, before it goes over the wire. */
export interface S3Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

export function empty(status: number, headers: Readonly<Record<string, string>> = {}): S3Answer {
  return { status, headers, body: Buffer.alloc(0) };
}

export function xml(root: string, content: string): S3Answer {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${NAMESPACE}">${content}</${root}>`;
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(text) };
}

const MESSAGES: Readonly<Record<string, readonly [number, string]>> = {
  AccessDenied: [403, 'Access Denied'],
  BadRequest: [400, 'The request cannot be understood'],
  EntityTooSmall: [400, 'A part is smaller than the least size'],
  InternalError: [500, 'We encountered an internal error. Please try again.'],
  InvalidAccessKeyId: [403, 'The access key id is not in our records.'],
  InvalidPart: [400, 'A part could not be found'],
  InvalidRange: [416, 'The requested range cannot be satisfied.'],
  MethodNotAllowed: [405, 'The method is not allowed'],
  NoSuchBucket: [404, 'The specified bucket does not exist'],
  NoSuchKey: [404, 'The specified key does not exist.'],
  NoSuchUpload: [404, 'The specified multipart upload does not exist.'],
  NotImplemented: [501, 'A header of the request asks for what is not offered'],
  PreconditionFailed: [412, 'At least one of the pre-conditions you specified did not hold'],
  SlowDown: [503, 'Please reduce your request rate.'],
  XAmzContentSHA256Mismatch: [400, 'The provided x-amz-content-sha256 does not match what was computed.'],
};

export function failure(code: string): S3Answer {
  const [status, message] = MESSAGES[code] ?? [400, code];
  const text =
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>` +
    '<RequestId>0123456789ABCDEF</RequestId></Error>';
  return { status, headers: { 'content-type': 'application/xml' }, body: Buffer.from(text) };
}

export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** The contents of all elements of a name, unescaped. */
export function elements(text: string, name: string): string[] {
  return [...text.matchAll(new RegExp(`<${name}(?: [^>]*)?>([^]*?)</${name}>`, 'g'))].map((match) =>
    (match[1] ?? '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#34;', '"')
      .replaceAll('&amp;', '&'),
  );
}
