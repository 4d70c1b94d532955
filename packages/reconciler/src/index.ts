export {
  type ReconcileRun,
  type Reconciler,
  type ReconcilerOptions,
  type ReconcileState,
  type ReconcileStatus,
  startReconciler,
  type Target,
} from './reconciler.ts'
