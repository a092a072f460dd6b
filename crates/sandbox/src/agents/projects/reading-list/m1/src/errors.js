// What a client is told when something is wrong.

export class HttpError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const badRequest = (code, message) => new HttpError(400, code, message);
export const notFound = (message) => new HttpError(404, 'not_found', message);
