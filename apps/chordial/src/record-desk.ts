// The records of a host as a library: what operators ask about them, in one place.
import type { Asking } from './asking.ts';
import { type RecordsScanned, type ScanQuestion, scanRecords } from './record-scan.ts';
import { changeRecord, getRecord, type RecordChange, type RecordChanged, type RecordShown } from './records.ts';
import { type RepairStatus, repairStatus } from './repair-status.ts';
import { backUpStore, restoreStore, type StoreTransfer } from './store-transfer.ts';

/** All reject with `QuestionFault` for a question that is wrong, and with another error for what cannot be answered now. */
export interface RecordDesk {
  get(table: string, name: string): Promise<RecordShown>;
  change(change: RecordChange): Promise<RecordChanged>;
  scan(question: ScanQuestion): Promise<RecordsScanned>;
  repair(): Promise<RepairStatus>;
  backUp(file: string): Promise<StoreTransfer>;
  /** `withOld`: also what may have been removed since, of an old file. */
  restore(file: string, withOld?: boolean): Promise<StoreTransfer>;
}

export const recordDesk = (asking: Asking): RecordDesk => ({
  get: (table, name) => getRecord(asking, table, name),
  change: (change) => changeRecord(asking, change),
  scan: (question) => scanRecords(asking, question),
  repair: () => repairStatus(asking),
  backUp: (file) => backUpStore(asking, file),
  restore: (file, withOld) => restoreStore(asking, file, withOld),
});
