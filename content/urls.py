"""The newsroom's addresses under /desk/."""

from django.urls import path

from content.views import accounts, board, deciding, guest, pieces, reports, review

urlpatterns = [
    path("signin/", accounts.signin, name="signin"),
    path("signout/", accounts.signout, name="signout"),
    path("board/", board.board, name="board"),
    path("board/cards/", board.more, name="board-cards"),
    path("board/move/", board.move, name="board-move"),
    path("review/", review.review, name="review"),
    path("review/claims/", review.claims, name="review-claims"),
    path("review/move/", board.move, name="review-move"),
    path("pieces/<int:pk>/", pieces.piece, name="piece"),
    path("pieces/<int:pk>/compare/", pieces.compare, name="piece-compare"),
    path("pieces/<int:pk>/edit/", pieces.edit, name="piece-edit"),
    path("pieces/<int:pk>/measure/", pieces.measure, name="piece-measure"),
    path("pieces/<int:pk>/restore/", pieces.restore, name="piece-restore"),
    path("pieces/<int:pk>/decide/", pieces.decide, name="piece-decide"),
    path("pieces/<int:pk>/guests/", guest.ask, name="piece-guests"),
    path("pieces/<int:pk>/guests/<int:link>/take-back/", guest.take_back, name="piece-guest-take-back"),
    path("reports/", reports.calibration, name="reports"),
    path("reports/audit/", reports.audit, name="reports-audit"),
    path("reports/audit/export/", reports.audit_export, name="reports-audit-export"),
    path("pieces/<int:pk>/claim/", deciding.claim, name="piece-claim"),
    path("pieces/<int:pk>/plan/", deciding.plan, name="piece-plan"),
    path("decisions/<int:pk>/undo/", deciding.undo, name="decision-undo"),
]
