//! Tasks about one person are performed in the order in which they were decided.
//!
//! Next: `batches.rs`, for what stores them and for one claim.

use decide::person::TaskKind;
use hub::store::rows::TaskRow;

use crate::given::*;

#[tokio::test]
async fn tasks_about_one_person_are_claimed_in_the_order_in_which_they_were_decided() {
    on_each(async |store| {
        let lease = decider(&store).await;
        let mut batch = full(1);
        batch.persons.push(person_row(2, 1));
        // An end that was decided after an enrolment, and is due before it, as after a failure.
        batch.tasks.extend([
            TaskRow { due_at: at(3), ..task(2) },
            TaskRow { person: person(2), due_at: at(2), order: 9, kind: TaskKind::Unregister, ..task(3) },
        ]);
        store.commit(&lease, &batch).await.unwrap();
        let claimed = async |now, until| {
            let tasks = store.claim_tasks(at(now), at(until), 10).await.unwrap();
            let of_two = tasks.into_iter().map(|(task, _)| task).filter(|task| task.person == person(2));
            of_two.map(|task| task.id).collect::<Vec<_>>()
        };
        assert_eq!(claimed(2, 5).await, [], "the enrolment comes first");
        assert_eq!(claimed(3, 10).await, [task(2).id]);
        assert_eq!(claimed(9, 20).await, [], "while it is being performed as well");
        store.finish_task(task(2).id).await.unwrap();
        assert_eq!(claimed(9, 20).await, [task(3).id]);
    })
    .await;
}
