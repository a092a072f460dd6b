use proptest::prelude::*;

use super::*;

const STAGES: [Stage; 6] =
    [Stage::Analysis, Stage::Planning, Stage::Implementation, Stage::Testing, Stage::Review, Stage::Release];

fn any_input() -> impl Strategy<Value = Input> {
    prop_oneof![
        6 => prop::sample::select(STAGES.to_vec()).prop_map(Input::Enter),
        2 => Just(Input::Ask),
        2 => (0_u32..3).prop_map(|pending| Input::Close { pending }),
        2 => Just(Input::Pause),
        1 => Just(Input::Resume),
        2 => Just(Input::HoldBudget),
        1 => Just(Input::ReleaseBudget),
        2 => Just(Input::Fail),
        1 => Just(Input::Retry),
        1 => prop::sample::select(vec![Outcome::Completed, Outcome::Rejected, Outcome::Cancelled]).prop_map(Input::Finish),
    ]
}

fn live(inputs: &[Input]) -> Life {
    inputs.iter().fold(Life::new(), |life, input| life.apply(*input).unwrap_or(life))
}

proptest! {
    /// Whatever happened, a project that is not over can be brought to its end by what people and the workflow can do.
    #[test]
    fn there_is_always_a_way_on(inputs in prop::collection::vec(any_input(), 0..60)) {
        let life = live(&inputs);
        if life.is_over() {
            for input in [Input::Retry, Input::Resume, Input::Enter(Stage::Release), Input::Finish(Outcome::Cancelled)] {
                prop_assert!(life.apply(input).is_err(), "what is over stays over");
            }
            return Ok(());
        }
        let mut way = life;
        if way.failed { way = way.apply(Input::Retry).unwrap(); }
        if way.paused { way = way.apply(Input::Resume).unwrap(); }
        if way.budget_hold { way = way.apply(Input::ReleaseBudget).unwrap(); }
        if way.awaiting { way = way.apply(Input::Close { pending: 0 }).unwrap(); }
        prop_assert_eq!(way.phase, life.phase, "lifting the holds keeps the place");
        for stage in [Stage::Analysis, Stage::Planning, Stage::Implementation, Stage::Testing, Stage::Review, Stage::Release] {
            way = way.apply(Input::Enter(stage)).unwrap_or(way);
        }
        prop_assert_eq!(way.status(), Status::Releasing);
        prop_assert_eq!(way.apply(Input::Finish(Outcome::Completed)).unwrap().status(), Status::Completed);
        prop_assert_eq!(life.apply(Input::Finish(Outcome::Cancelled)).unwrap().status(), Status::Cancelled, "and it can always be stopped");
    }

    /// A hold that is put on and lifted again leaves no trace.
    #[test]
    fn holds_leave_no_trace(inputs in prop::collection::vec(any_input(), 0..30)) {
        let life = live(&inputs);
        if life.is_over() || life.paused || life.failed {
            return Ok(());
        }
        prop_assert_eq!(life.apply(Input::Pause).unwrap().apply(Input::Resume).unwrap(), life);
        prop_assert_eq!(life.apply(Input::Fail).unwrap().apply(Input::Retry).unwrap(), life);
    }

    /// A refused input is refused with words, and nothing but the end frees all holds at once.
    #[test]
    fn refusals_say_why(inputs in prop::collection::vec(any_input(), 0..30), next in any_input()) {
        let life = live(&inputs);
        if let Err(refusal) = life.apply(next) {
            prop_assert!(refusal.to_string().len() > 15);
        }
    }
}

#[test]
fn the_straight_way() {
    let steps = [
        (Input::Enter(Stage::Analysis), Status::Analyzing),
        (Input::Enter(Stage::Planning), Status::Planning),
        (Input::Ask, Status::AwaitingApproval),
        (Input::Close { pending: 0 }, Status::Planning),
        (Input::Enter(Stage::Implementation), Status::Building),
        (Input::Enter(Stage::Testing), Status::Testing),
        (Input::Enter(Stage::Implementation), Status::Building),
        (Input::Enter(Stage::Testing), Status::Testing),
        (Input::Enter(Stage::Review), Status::Reviewing),
        (Input::Ask, Status::AwaitingApproval),
        (Input::Pause, Status::Paused),
        (Input::Close { pending: 0 }, Status::Paused),
        (Input::Resume, Status::Reviewing),
        (Input::Enter(Stage::Release), Status::Releasing),
        (Input::Finish(Outcome::Completed), Status::Completed),
    ];
    let mut life = Life::new();
    for (input, status) in steps {
        life = life.apply(input).unwrap();
        assert_eq!(life.status(), status, "after {input:?}");
    }
}

#[test]
fn building_needs_a_plan_and_never_goes_back_to_it() {
    let received = Life::new();
    assert!(matches!(received.apply(Input::Enter(Stage::Implementation)), Err(Refusal::OutOfOrder { .. })));
    let building = Life { phase: Phase::Building, ..received };
    assert!(matches!(building.apply(Input::Enter(Stage::Planning)), Err(Refusal::OutOfOrder { .. })));
}

#[test]
fn a_failed_project_takes_no_work() {
    let failed = Life { phase: Phase::Testing, failed: true, ..Life::new() };
    assert_eq!(failed.status(), Status::Failed);
    assert_eq!(failed.apply(Input::Enter(Stage::Review)), Err(Refusal::Failed));
    assert_eq!(failed.apply(Input::Finish(Outcome::Completed)), Err(Refusal::Failed));
    assert_eq!(failed.apply(Input::Retry).unwrap().status(), Status::Testing);
}
